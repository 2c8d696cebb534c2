package org.kvmbeans.machine;

/**
 * A change in the life of a virtual machine.
 *
 * @param vm the machine
 * @param what {@code starting}, {@code started}, {@code paused}, {@code resumed}, {@code reset}, {@code stopping},
 *     {@code stopped} or {@code crashed}
 * @param previous the state before
 * @param state the state now; the same one for a reset
 * @param reason why it stopped, {@link StopReason#NONE} where it did not
 * @param detail a sentence for a person, may be empty
 */
public record LifecycleChange(
        VirtualMachine vm, String what, VmState previous, VmState state, StopReason reason, String detail) {}
