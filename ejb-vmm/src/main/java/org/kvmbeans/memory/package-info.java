/** Guest memory: regions of guest-physical addresses over a memfd, and ordered access to them. */
@NullMarked
package org.kvmbeans.memory;

import org.jspecify.annotations.NullMarked;
