package org.kvmbeans.mbeans;

import org.kvmbeans.mbeans.OperationImpact.Impact;

/** A serial port: {@code org.kvmbeans:type=SerialPort,vm=NAME,name=com1}. Directions are the guest's. */
@Description("A serial port of a VM")
public interface SerialPortMXBean {
    @Description("The name, for example com1")
    String getName();

    @Description("Bytes that the guest has received")
    @Unit("bytes")
    long getBytesReceived();

    @Description("Bytes that the guest has transmitted")
    @Unit("bytes")
    long getBytesTransmitted();

    @Description("Bytes written to the port that the guest has not taken yet")
    @Unit("bytes")
    int getInputPendingBytes();

    @Description("The most bytes that may wait for the guest to take them")
    @Unit("bytes")
    int getInputCapacityBytes();

    /**
     * Types a text into the port, as UTF-8: the whole text or nothing.
     *
     * @throws IllegalStateException where the VM does not run, or the guest has not made room yet
     */
    @Description("Types a text into the port, as UTF-8: all of it, or nothing where the guest has not made room")
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
