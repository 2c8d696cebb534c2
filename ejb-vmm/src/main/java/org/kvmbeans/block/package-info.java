/** Disk images: what a disk's contents can be asked for, and, below, the formats that answer. */
package org.kvmbeans.block;
