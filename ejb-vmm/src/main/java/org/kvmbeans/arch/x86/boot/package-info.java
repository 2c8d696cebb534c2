/** Kernel images and the protocols by which they are started: Linux bzImage, PVH, Multiboot 1. */
@NullMarked
package org.kvmbeans.arch.x86.boot;

import org.jspecify.annotations.NullMarked;
