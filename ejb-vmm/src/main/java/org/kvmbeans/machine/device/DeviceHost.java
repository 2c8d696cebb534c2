package org.kvmbeans.machine.device;

import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.Posix;

/** What devices need of the machine that they are made for. */
public interface DeviceHost {
    /** System calls. */
    Posix posix();

    /** What disks' images may lead to. */
    ImageAccess images();

    /** The thread that serves those devices of a machine that have little to do; open until they are closed. */
    EventLoop loop();
}
