package org.kvmbeans.block.qcow2;

/**
 * Where a table of the image lies.
 *
 * @param offset a cluster boundary; 0 where there is none
 * @param count its entries; for the refcount table, its clusters
 */
public record TablePointer(long offset, int count) {
    public static final TablePointer NONE = new TablePointer(0, 0);
}
