package org.kvmbeans.virtio.testdriver;

/**
 * A buffer that the device gave back.
 *
 * @param id what {@link DriverQueue#add} returned for it
 * @param writtenBytes bytes that the device says it wrote
 */
public record Used(int id, long writtenBytes) {}
