/** Network Block Device: images that another host exports, as storage here; and images of this host exported to others. */
package org.kvmbeans.block.nbd;
