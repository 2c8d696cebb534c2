/** Authentication and policy of the Jolokia agent. Classes of the JVM's own class path: JDK and Jolokia only. */
package org.kvmbeans.jolokia;
