/** The formats of images, and how one is opened by its format. */
package org.kvmbeans.block.format;
