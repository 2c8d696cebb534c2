package org.kvmbeans.machine;

import java.nio.file.Path;

/** A block device whose medium can be made to fail every request: device-mapper over a loop device. Needs root. */
final class FailingDevice implements AutoCloseable {
    private static final int SECTOR_BYTES = 512;

    private final String name;
    private final String loop;
    private final String working;
    private final String failing;

    private FailingDevice(String name, String loop, long sectors) {
        this.name = name;
        this.loop = loop;
        working = "0 " + sectors + " linear " + loop + " 0";
        failing = "0 " + sectors + " error";
    }

    /** One that works, over a file of zeros in {@code folder}. */
    static FailingDevice create(Path folder, String name, long bytes) {
        Path file = DiskGuest.emptyDisk(folder.resolve(name + ".raw"), bytes);
        String loop =
                DiskGuest.run("losetup", "--find", "--show", file.toString()).strip();
        FailingDevice device = new FailingDevice(name, loop, bytes / SECTOR_BYTES);
        DiskGuest.run("dmsetup", "create", name, "--noudevsync", "--table", device.working);
        return device;
    }

    /** As the kernel names it: no udev here makes links in /dev/mapper. */
    Path path() {
        String minor = DiskGuest.run("dmsetup", "info", "--columns", "--noheadings", "-o", "minor", name);
        return Path.of("/dev/dm-" + minor.strip());
    }

    /** Every request fails from now on. */
    void fail() {
        load(failing);
    }

    /** It works again, with what it held. */
    void mend() {
        load(working);
    }

    private void load(String table) {
        DiskGuest.run("dmsetup", "load", name, "--table", table);
        // Not to wait for what cannot be written: that is to fail.
        DiskGuest.run("dmsetup", "suspend", "--noudevsync", "--noflush", "--nolockfs", name);
        DiskGuest.run("dmsetup", "resume", "--noudevsync", name);
    }

    @Override
    public void close() {
        DiskGuest.run("dmsetup", "remove", "--noudevsync", name);
        DiskGuest.run("losetup", "--detach", loop);
    }
}
