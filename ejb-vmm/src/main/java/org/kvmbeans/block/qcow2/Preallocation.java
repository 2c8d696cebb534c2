package org.kvmbeans.block.qcow2;

/** How much of a new image is there from the beginning. */
public enum Preallocation {
    /** Nothing that is not needed. */
    OFF("off"),
    /** The tables for all of the disk; its clusters have their places, which take no room. */
    METADATA("metadata"),
    /** The room for all clusters too. */
    FALLOC("falloc"),
    /** All clusters, written as zeros. */
    FULL("full");

    private final String text;

    Preallocation(String text) {
        this.text = text;
    }

    /** Its name among the options of an image. */
    public String text() {
        return text;
    }
}
