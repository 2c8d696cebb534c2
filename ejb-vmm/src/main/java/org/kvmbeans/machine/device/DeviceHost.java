package org.kvmbeans.machine.device;

import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.Posix;

/** What devices need of the machine that they are made for. */
public interface DeviceHost {
    /** System calls. */
    Posix posix();

    /** Opens the images of disks. */
    DiskOpener disks();

    /** The thread that serves those devices of a machine that have little to do; open until they are closed. */
    EventLoop loop();
}
