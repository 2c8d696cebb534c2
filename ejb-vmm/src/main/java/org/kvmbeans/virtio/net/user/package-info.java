/** NICs without privileges: passt translates their packets to the host's sockets. */
@NullMarked
package org.kvmbeans.virtio.net.user;

import org.jspecify.annotations.NullMarked;
