/** Whether the structures of a qcow2 image agree with one another, and how they are brought to. */
package org.kvmbeans.block.qcow2.check;
