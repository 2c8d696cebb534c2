/** What a virtual machine is made of, as one JSON document: its records, its reader, its writer. */
@NullMarked
package org.kvmbeans.machine.definition;

import org.jspecify.annotations.NullMarked;
