/** The narrow contract between a virtio device and the transport that shows it to the guest. */
package org.kvmbeans.virtio.spi;
