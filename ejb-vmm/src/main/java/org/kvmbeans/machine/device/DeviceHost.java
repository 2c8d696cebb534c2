package org.kvmbeans.machine.device;

import org.kvmbeans.sys.EventLoop;
import org.kvmbeans.sys.Posix;

/**
 * What devices need of the machine that they are made for.
 *
 * @param posix system calls
 * @param loop the thread that serves those devices of a machine that have little to do; open until they are closed
 */
public record DeviceHost(Posix posix, EventLoop loop) {}
