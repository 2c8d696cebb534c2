package org.kvmbeans.block.qcow2.check;

/**
 * How the clusters of a disk are stored.
 *
 * @param total clusters of the disk
 * @param allocated those that the image has itself
 * @param fragmented those that do not lie behind their predecessor on the disk, or are compressed
 * @param compressed those that are compressed
 */
public record ClusterStatistics(long total, long allocated, long fragmented, long compressed) {}
