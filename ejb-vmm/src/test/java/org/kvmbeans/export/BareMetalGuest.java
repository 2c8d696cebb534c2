package org.kvmbeans.export;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Tiny guests without an operating system: a Multiboot 1 header (specification 0.6.96, 3.1.1) and some bytes of 32-bit
 * code, which run with interrupts off.
 */
public final class BareMetalGuest {
    private static final int MAGIC = 0x1BADB002;
    private static final int HAS_ADDRESSES = 1 << 16;
    private static final int LOAD_ADDRESS = 0x10_0000;
    private static final int HEADER_BYTES = 32;

    private final ByteBuffer code = ByteBuffer.allocate(4096);

    private BareMetalGuest() {}

    public static BareMetalGuest thatDoes() {
        return new BareMetalGuest();
    }

    /** Writes an ASCII text to the first serial port. */
    public BareMetalGuest print(String text) {
        bytes(0x66, 0xBA, 0xF8, 0x03); // mov dx, 0x3f8
        for (byte character : text.getBytes(StandardCharsets.US_ASCII)) {
            bytes(0xB0, character, 0xEE); // mov al, character; out dx, al
        }
        return this;
    }

    /** Answers every byte of the serial port with itself, for ever. */
    public BareMetalGuest echo() {
        return bytes(0x66, 0xBA, 0xFD, 0x03) // mov dx, 0x3fd
                .bytes(0xEC, 0xA8, 0x01, 0x74, 0xFB) // in al, dx; test al, 1; jz -5
                .bytes(0x66, 0xBA, 0xF8, 0x03, 0xEC, 0xEE) // mov dx, 0x3f8; in al, dx; out dx, al
                .bytes(0xEB, 0xEF); // jmp -17
    }

    /** Stops the vCPU inside KVM, for ever. */
    public BareMetalGuest halt() {
        return bytes(0xFA, 0xF4, 0xEB, 0xFD); // cli; hlt; jmp -3
    }

    /** Turns in a loop of one instruction, for ever. */
    public BareMetalGuest spin() {
        return bytes(0xEB, 0xFE); // jmp -2
    }

    /** Writes to the POST port in a loop, for ever: an exit each time. */
    public BareMetalGuest writePortsForEver() {
        return bytes(0xE6, 0x80, 0xEB, 0xFC); // out 0x80, al; jmp -4
    }

    /** Writes a value to the isa-debug-exit device. */
    public BareMetalGuest debugExit(int value) {
        return bytes(0xB0, value, 0xE6, 0xF4).halt(); // mov al, value; out 0xf4, al
    }

    /** Takes an exception without a handler, while handling which there is none either. */
    public BareMetalGuest tripleFault() {
        return bytes(0x0F, 0x01, 0x1D, 0x00, 0x00, 0x00, 0x00) // lidt [0], where no table is described
                .bytes(0x31, 0xC9, 0xF7, 0xF1); // xor ecx, ecx; div ecx
    }

    private BareMetalGuest bytes(int... values) {
        for (int value : values) {
            code.put((byte) value);
        }
        return this;
    }

    /** The kernel file. */
    public Path writeTo(Path file) {
        int length = HEADER_BYTES + code.position();
        ByteBuffer image = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        image.putInt(MAGIC).putInt(HAS_ADDRESSES).putInt(-(MAGIC + HAS_ADDRESSES));
        image.putInt(LOAD_ADDRESS).putInt(LOAD_ADDRESS).putInt(0).putInt(0).putInt(LOAD_ADDRESS + HEADER_BYTES);
        image.put(code.array(), 0, code.position());
        try {
            return Files.write(file, image.array());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
