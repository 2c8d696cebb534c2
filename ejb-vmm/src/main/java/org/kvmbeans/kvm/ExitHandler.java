package org.kvmbeans.kvm;

/** What a vCPU needs from its machine; called on the vCPU's thread. Values are little-endian. */
public interface ExitHandler {
    /** The guest reads {@code size} (1, 2 or 4) bytes from a port. */
    long readPort(int port, int size);

    /** The guest writes {@code size} (1, 2 or 4) bytes to a port. */
    void writePort(int port, int size, long value);

    /** The guest reads {@code size} (1 to 8) bytes from an address that is no memory. */
    long readMmio(long gpa, int size);

    /** The guest writes {@code size} (1 to 8) bytes to an address that is no memory. */
    void writeMmio(long gpa, int size, long value);

    /** The vCPU shut down on a triple fault. */
    void tripleFault();

    /** The guest asked the hypervisor for a shutdown ({@code reset} false) or a reset. */
    void systemEvent(boolean reset);

    /** KVM cannot go on with the vCPU; {@code what} says why, as far as KVM says it. */
    void failure(String what);
}
