/** The devices on a machine's PCI bus as their operators see them: the same over resets, restarts and stops. */
@NullMarked
package org.kvmbeans.machine.device;

import org.jspecify.annotations.NullMarked;
