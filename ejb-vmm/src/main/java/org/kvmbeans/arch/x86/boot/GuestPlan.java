package org.kvmbeans.arch.x86.boot;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.arch.x86.PcLayout;
import org.kvmbeans.arch.x86.boot.BootException.Kind;

/**
 * Which stretches of RAM below the hole are spoken for while a guest is being loaded, so that nothing an image asks for can
 * land outside RAM or on something else. Addresses are guest-physical; ends are exclusive.
 */
final class GuestPlan {
    private record Claim(String what, long start, long end) {}

    private final long ramEnd;
    private final List<Claim> claims = new ArrayList<>();

    /**
     * A plan in which firmware's places are taken.
     *
     * @param ramBytes the guest's RAM, at least 1 MiB
     */
    GuestPlan(long ramBytes) {
        ramEnd = PcLayout.ramBelowHole(ramBytes);
        claims.add(new Claim("the first page", 0, 0x1000));
        claims.add(new Claim("the area of video memory and firmware", PcLayout.EBDA, PcLayout.HIGH_MEMORY));
    }

    long ramEnd() {
        return ramEnd;
    }

    /**
     * Takes a stretch.
     *
     * @throws BootException where part of it is not RAM, or taken
     */
    void claim(ImageFile file, String what, long start, long length) {
        if (!isRam(start, length)) {
            throw file.problem(
                    Kind.DOES_NOT_FIT,
                    String.format(
                            "%s wants %d bytes at address 0x%x, but RAM ends at 0x%x; give the guest more memory",
                            what, length, start, ramEnd));
        }
        Claim blocking = blocking(start, start + length);
        if (blocking != null) {
            throw file.problem(
                    Kind.DOES_NOT_FIT,
                    String.format(
                            "%s wants %d bytes at address 0x%x, where %s is (0x%x to 0x%x); link it elsewhere",
                            what, length, start, blocking.what, blocking.start, blocking.end - 1));
        }
        claims.add(new Claim(what, start, start + length));
    }

    /** Takes a stretch for the loader itself, which is known to be free. */
    void reserve(String what, long start, long length) {
        claims.add(new Claim(what, start, start + length));
    }

    /** Whether the whole stretch is RAM below the hole. */
    boolean isRam(long start, long length) {
        return start >= 0 && length >= 0 && start <= ramEnd - length;
    }

    /** Whether the whole stretch is RAM and free. */
    boolean isFree(long start, long length) {
        return isRam(start, length) && blocking(start, start + length) == null;
    }

    /**
     * Finds the highest free stretch in RAM above 1 MiB.
     *
     * @param limit exclusive end
     * @param alignment a power of two
     * @return its start, or -1 where there is none
     */
    long highestFree(long length, long limit, long alignment) {
        long end = Math.min(limit, ramEnd);
        while (end - length >= PcLayout.HIGH_MEMORY) {
            long start = (end - length) & -alignment;
            if (start < PcLayout.HIGH_MEMORY) {
                return -1;
            }
            Claim blocking = blocking(start, start + length);
            if (blocking == null) {
                return start;
            }
            end = blocking.start;
        }
        return -1;
    }

    private @Nullable Claim blocking(long start, long end) {
        for (Claim claim : claims) {
            if (start < claim.end && claim.start < end) {
                return claim;
            }
        }
        return null;
    }
}
