/** Sockets between a guest and its host, served by the kernel (virtio 1.2, 5.10; vhost-vsock). */
package org.kvmbeans.virtio.vsock;
