package org.kvmbeans.mbeans;

/**
 * One image of a chain: the image itself, its backing file, that one's backing file, and so on.
 *
 * @param depth 0 for the image itself
 * @param path the file, or what the image above calls it where it could not be followed
 * @param format its format as the registry of its pool or the image above says; empty where neither does
 * @param sizeBytes bytes of the disk; 0 where it could not be read
 * @param allocatedBytes bytes that its file takes; 0 where it could not be read
 * @param problem why the chain ends here though it goes on; empty where nothing is wrong
 */
public record ImageLayer(int depth, String path, String format, long sizeBytes, long allocatedBytes, String problem) {}
