package org.kvmbeans.memory;

/**
 * A stretch of guest-physical addresses that is RAM.
 *
 * @param guestAddress the first guest-physical address
 * @param lengthBytes its length
 * @param hostAddress the virtual address in this process of the first byte
 */
public record MemoryRegion(long guestAddress, long lengthBytes, long hostAddress) {
    /** The guest-physical address after the last byte. */
    public long guestEnd() {
        return guestAddress + lengthBytes;
    }
}
