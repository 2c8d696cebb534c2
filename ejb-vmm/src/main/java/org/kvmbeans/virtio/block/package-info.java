/** The virtio block device (virtio 1.2, 5.2): a disk image as a disk of the guest. */
package org.kvmbeans.virtio.block;
