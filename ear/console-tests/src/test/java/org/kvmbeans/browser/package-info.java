/** The console in a real browser, against a real server. */
@NullMarked
package org.kvmbeans.browser;

import org.jspecify.annotations.NullMarked;
