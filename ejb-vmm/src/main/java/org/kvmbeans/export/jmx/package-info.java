/** The JMX side of every MBean of the project: descriptions, exceptions that any client can read, notifications. */
package org.kvmbeans.export.jmx;
