/**
 * Thin Jakarta EE beans over the MXBeans: roles, audit, metrics and the wiring of the host runtime.
 *
 * <p>The services reach a virtual machine only through its MXBean interface, so that it makes no difference to them
 * whether it lives in this JVM or is mirrored from a process of its own.
 */
package org.kvmbeans.ejb;
