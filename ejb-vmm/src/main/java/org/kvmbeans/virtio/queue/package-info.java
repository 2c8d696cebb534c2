/** Virtqueues, split and packed, from the device's side (virtio 1.2, 2.6 to 2.9). */
package org.kvmbeans.virtio.queue;
