/** Assembly of a machine, the run loop of its vCPUs, and the state machine of its life. */
@NullMarked
package org.kvmbeans.machine;

import org.jspecify.annotations.NullMarked;
