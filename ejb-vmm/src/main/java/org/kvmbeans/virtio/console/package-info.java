/** The console device with its ports (virtio 1.2, 5.3). */
package org.kvmbeans.virtio.console;
