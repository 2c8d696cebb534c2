/** Owners of the system, VM and vCPU descriptors of KVM, its structures, and the decoding of exits. */
@NullMarked
package org.kvmbeans.kvm;

import org.jspecify.annotations.NullMarked;
