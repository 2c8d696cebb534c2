/**
 * Operations on whole images, stopped or in use: copying, comparing, and moving contents up and down a chain.
 *
 * <p>Each tells a {@link org.kvmbeans.block.Progress} how far it is, which may cancel it. An image that an operation makes
 * has its name only when it is whole; one that it changes has valid contents at every moment.
 */
package org.kvmbeans.block.task;
