/** The entropy device (virtio 1.2, 5.4). */
package org.kvmbeans.virtio.rng;
