/** A guest's driver for tests: rings in guest memory, and a harness that runs a device against them. */
@NullMarked
package org.kvmbeans.virtio.testdriver;

import org.jspecify.annotations.NullMarked;
