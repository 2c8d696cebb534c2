package org.kvmbeans.mbeans;

import org.kvmbeans.mbeans.OperationImpact.Impact;

/**
 * A port of the virtio console: {@code org.kvmbeans:type=ConsolePort,vm=NAME,name=NAME}. Directions are the guest's.
 *
 * <p>What it keeps and counts begins anew with each start of the VM, positions included.
 */
@Description("A port of the virtio console of a VM")
public interface ConsolePortMXBean {
    @Description("The name, by which programs of the guest find it below /dev/virtio-ports")
    String getName();

    @Description("Whether a program of the guest has the port open")
    boolean isGuestOpen();

    @Description("Data that the guest has received")
    @Unit("bytes")
    long getBytesReceived();

    @Description("Data that the guest has transmitted")
    @Unit("bytes")
    long getBytesTransmitted();

    @Description("Data written to the port that the guest has not taken yet")
    @Unit("bytes")
    int getInputPendingBytes();

    @Description("The most data that may wait for the guest to take it")
    @Unit("bytes")
    int getInputCapacityBytes();

    /**
     * Sends a text through the port, as UTF-8: the whole text or nothing.
     *
     * @throws IllegalStateException where the VM does not run, or the guest has not made room yet
     */
    @Description("Sends a text through the port, as UTF-8: all of it, or nothing where the guest has not made room")
    @OperationImpact(Impact.ACTION)
    void write(@ParameterName("text") @Description("The text; \\n ends a line") String text);

    @Description("The last bytes the guest has transmitted, as plain text without control sequences; readFrom has all")
    @OperationImpact(Impact.INFO)
    String tail(@ParameterName("bytes") @Description("How many at most, 1 to 1,048,576") @Unit("bytes") int bytes);

    /** Reads on from a position; waits up to {@code waitMillis} (0 to 30,000) while there is nothing to read. */
    @Description("What the guest has transmitted from a position on; waits for it where there is nothing yet")
    @OperationImpact(Impact.INFO)
    SerialOutput readFrom(
            @ParameterName("position") @Description("Position of the first byte wanted; negative: the oldest kept")
                    long position,
            @ParameterName("maxBytes") @Description("How many at most, 1 to 1,048,576") @Unit("bytes") int maxBytes,
            @ParameterName("waitMillis") @Description("How long to wait, 0 to 30,000") @Unit("milliseconds")
                    long waitMillis);
}
