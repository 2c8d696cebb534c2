/** The PC: its addresses, the CPUs' identity, its ACPI tables, and how a kernel is entered. */
@NullMarked
package org.kvmbeans.arch.x86;

import org.jspecify.annotations.NullMarked;
