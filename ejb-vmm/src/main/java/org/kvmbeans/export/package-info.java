/**
 * The management contract over the machine: MXBean implementations, the host that registers them, and the definitions
 * that it keeps.
 */
package org.kvmbeans.export;
