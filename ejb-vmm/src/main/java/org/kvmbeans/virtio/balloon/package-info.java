/** The traditional memory balloon: takes memory from a running guest and gives it back (virtio 1.2, 5.5). */
package org.kvmbeans.virtio.balloon;
