/** The web console: a page in the browser, the REST resources and the WebSocket behind it, and its login. */
@NullMarked
package org.kvmbeans.console;

import org.jspecify.annotations.NullMarked;
