/** Address buses: disjoint ranges of ports or physical addresses, and the narrow contract of the devices behind them. */
package org.kvmbeans.bus;
