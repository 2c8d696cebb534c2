/** PCI Express as guests see it: host bridge, configuration spaces, base address registers and MSI-X. */
@NullMarked
package org.kvmbeans.bus.pci;

import org.jspecify.annotations.NullMarked;
