package org.kvmbeans.mbeans;

/**
 * An internal snapshot: a state of the disk that is kept in the image.
 *
 * @param id unique in the image
 * @param name what its maker called it
 * @param createdMillis when it was made, milliseconds since 1970-01-01 UTC
 * @param sizeBytes size of the disk at that time
 * @param vmStateBytes bytes of a machine's state that it holds; 0 where it is of the disk alone
 */
public record ImageSnapshot(String id, String name, long createdMillis, long sizeBytes, long vmStateBytes) {}
