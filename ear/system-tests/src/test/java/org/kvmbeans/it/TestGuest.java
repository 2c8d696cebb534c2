package org.kvmbeans.it;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A guest without an operating system: prints a greeting to the serial port, then sends back what it receives. */
final class TestGuest {
    static final String GREETING = "guest is up\n";

    /** Multiboot 1, specification 0.6.96 section 3.1.1: the header gives the addresses, so that no ELF is needed. */
    private static final int MAGIC = 0x1BADB002;

    private static final int HAS_ADDRESSES = 1 << 16;
    private static final int LOAD_ADDRESS = 0x10_0000;
    private static final int HEADER_BYTES = 32;

    private TestGuest() {}

    static Path writeTo(Path file) throws IOException {
        byte[] code = code();
        ByteBuffer image = ByteBuffer.allocate(HEADER_BYTES + code.length).order(ByteOrder.LITTLE_ENDIAN);
        image.putInt(MAGIC).putInt(HAS_ADDRESSES).putInt(-(MAGIC + HAS_ADDRESSES));
        image.putInt(LOAD_ADDRESS).putInt(LOAD_ADDRESS).putInt(0).putInt(0).putInt(LOAD_ADDRESS + HEADER_BYTES);
        return Files.write(file, image.put(code).array());
    }

    private static byte[] code() {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        append(code, 0x66, 0xBA, 0xF8, 0x03); // mov dx, 0x3f8
        for (byte character : GREETING.getBytes(StandardCharsets.US_ASCII)) {
            append(code, 0xB0, character, 0xEE); // mov al, character; out dx, al
        }
        append(code, 0x66, 0xBA, 0xFD, 0x03); // wait: mov dx, 0x3fd
        append(code, 0xEC, 0xA8, 0x01, 0x74, 0xFB); // in al, dx; test al, 1; jz -5
        append(code, 0x66, 0xBA, 0xF8, 0x03, 0xEC, 0xEE); // mov dx, 0x3f8; in al, dx; out dx, al
        append(code, 0xEB, 0xEF); // jmp wait
        return code.toByteArray();
    }

    private static void append(ByteArrayOutputStream code, int... bytes) {
        for (int value : bytes) {
            code.write(value);
        }
    }
}
