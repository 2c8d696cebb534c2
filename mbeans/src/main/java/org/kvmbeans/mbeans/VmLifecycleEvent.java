package org.kvmbeans.mbeans;

/**
 * The user data of a {@code vm.lifecycle.*} notification.
 *
 * @param vm the name of the virtual machine
 * @param previousState the state it left
 * @param state the state it is in
 * @param reason why it stopped; {@code NONE} where it did not
 * @param detail a sentence for a person, empty where there is nothing to add
 */
public record VmLifecycleEvent(String vm, VmState previousState, VmState state, StopReason reason, String detail) {}
