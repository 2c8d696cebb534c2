package org.kvmbeans.virtio.block;

import org.kvmbeans.block.DiskImageException;

/**
 * A request that the storage could not carry out.
 *
 * @param operation what was asked for
 * @param offset first byte on the disk; 0 for a flush
 * @param lengthBytes bytes that it concerned; 0 for a flush
 * @param kind what kind of failure it was; NO_SPACE where room can be made and the request carried out again
 * @param message names the image and what happened
 * @param policy what became of the request
 */
public record BlockFailure(
        BlockOperation operation,
        long offset,
        long lengthBytes,
        DiskImageException.Kind kind,
        String message,
        ErrorPolicy policy) {}
