/** Character streams between a guest and its host, as serial ports and consoles have them: output kept, input bounded. */
package org.kvmbeans.stream;
