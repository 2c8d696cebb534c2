/** Raw images: the bytes of the disk are the bytes of the file or block device. */
package org.kvmbeans.block.raw;
