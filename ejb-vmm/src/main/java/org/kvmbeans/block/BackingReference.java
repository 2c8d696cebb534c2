package org.kvmbeans.block;

/**
 * How an image names the one below it.
 *
 * @param path as it is written in the image: absolute, or relative to the image's own directory
 * @param format name of the format, such as {@code raw} or {@code qcow2}; empty where the image does not say
 */
public record BackingReference(String path, String format) {}
