/**
 * The devices of a PC that a guest expects at fixed places: serial port, clock, keyboard controller, ACPI registers and
 * reset ports.
 *
 * <p>A device knows offsets from its base, an interrupt line and callbacks, never the machine around it. Callbacks
 * (reset, power off) run on the vCPU thread that made the access, after the device's lock is released.
 */
package org.kvmbeans.legacy;
