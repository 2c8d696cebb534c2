/** ACPI in general: tables with their checksums, and an encoder of AML. Knows no particular machine. */
@NullMarked
package org.kvmbeans.arch.x86.acpi;

import org.jspecify.annotations.NullMarked;
