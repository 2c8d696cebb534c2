/** POSIX as an interface, owners of descriptors and mappings, errno as an exception that names the call. */
@NullMarked
package org.kvmbeans.sys;

import org.jspecify.annotations.NullMarked;
