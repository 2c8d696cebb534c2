/** Files and block devices of the host as images see them: cache modes, alignment, locks, holes, errors. */
package org.kvmbeans.block.file;
