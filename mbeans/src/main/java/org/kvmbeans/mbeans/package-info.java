/**
 * The management contract: MXBean interfaces, the records and enums they carry, ObjectNames and notification types.
 *
 * <p>Everything a client of KVM Beans needs, and nothing but the JDK below it.
 */
package org.kvmbeans.mbeans;
