/**
 * Pools of disk images: which directories they are, which of their files are images and of what format, who uses them, and the
 * operations on them.
 */
package org.kvmbeans.export.storage;
