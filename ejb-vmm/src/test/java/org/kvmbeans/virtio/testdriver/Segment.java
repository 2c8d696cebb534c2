package org.kvmbeans.virtio.testdriver;

/**
 * A stretch of guest memory that one descriptor names.
 *
 * @param gpa guest-physical address
 * @param lengthBytes its length; what a driver may not say, it can say too
 * @param deviceWrites whether the device may write it; otherwise it may read it
 */
public record Segment(long gpa, long lengthBytes, boolean deviceWrites) {
    /** One that the device reads. */
    public static Segment readable(long gpa, long lengthBytes) {
        return new Segment(gpa, lengthBytes, false);
    }

    /** One that the device writes. */
    public static Segment writable(long gpa, long lengthBytes) {
        return new Segment(gpa, lengthBytes, true);
    }
}
