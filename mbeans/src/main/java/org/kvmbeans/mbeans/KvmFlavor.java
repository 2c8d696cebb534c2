package org.kvmbeans.mbeans;

/** The kind of KVM that a host offers. */
public enum KvmFlavor {
    /** Intel VT-x. */
    VMX,
    /** AMD-V. */
    SVM,
    /** Software KVM without CPU support: runs bare-metal test guests, no stock Linux. */
    PVM,
    /** No usable {@code /dev/kvm}. */
    NONE
}
