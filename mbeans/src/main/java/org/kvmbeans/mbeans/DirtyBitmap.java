package org.kvmbeans.mbeans;

/**
 * A dirty bitmap in an image: which parts of the disk were written since it was made or cleared.
 *
 * @param name unique in the image
 * @param granularityBytes bytes of the disk for one bit
 * @param recording whether writes set its bits
 * @param inconsistent whether a crash left it without what was written last: it can only be removed
 */
public record DirtyBitmap(String name, long granularityBytes, boolean recording, boolean inconsistent) {}
