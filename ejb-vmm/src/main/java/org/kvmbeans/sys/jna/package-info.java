/** POSIX through JNA: the only package that imports {@code com.sun.jna}. */
@NullMarked
package org.kvmbeans.sys.jna;

import org.jspecify.annotations.NullMarked;
