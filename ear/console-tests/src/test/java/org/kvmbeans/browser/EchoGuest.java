package org.kvmbeans.browser;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * A guest of a few instructions that greets on its serial port and then sends back each byte it gets. It is a Multiboot 1
 * kernel in an ELF file (Multiboot specification 0.6.96, section 3.1) and runs on any KVM.
 */
final class EchoGuest {
    /** What it says first. */
    static final String GREETING = "echo guest ready";

    private static final int LOAD_ADDRESS = 0x100000;
    private static final int MULTIBOOT_MAGIC = 0x1BADB002;
    private static final int ELF_HEADER_BYTES = 52;
    private static final int PROGRAM_HEADER_BYTES = 32;
    private static final int MULTIBOOT_HEADER_BYTES = 12;

    /** Follows the Multiboot header; the first instruction's operand is the greeting's address, right after the code. */
    private static final String CODE = ""
            + "be 00 00 00 00" // mov esi, greeting
            + "fc" //             cld
            + "ba f8 03 00 00" // mov edx, 0x3f8: COM1's data
            + "ac" //             next: lodsb
            + "84 c0" //          test al, al
            + "74 03" //          jz poll
            + "ee" //             out dx, al
            + "eb f8" //          jmp next
            + "ba fd 03 00 00" // poll: mov edx, 0x3fd: COM1's line status
            + "ec" //             ready: in al, dx
            + "a8 01" //          test al, 1: data ready
            + "74 fb" //          jz ready
            + "ba f8 03 00 00" // mov edx, 0x3f8
            + "ec" //             in al, dx
            + "ee" //             out dx, al
            + "eb ed"; //         jmp poll

    private EchoGuest() {}

    /** Writes the kernel and returns its path. */
    static Path write(Path folder) throws IOException {
        return Files.write(folder.resolve("echo-guest.elf"), image());
    }

    private static byte[] image() {
        byte[] code = HexFormat.of().parseHex(CODE.replace(" ", ""));
        byte[] greeting = (GREETING + "\r\n\0").getBytes(StandardCharsets.US_ASCII);
        int size = MULTIBOOT_HEADER_BYTES + code.length + greeting.length;
        ByteBuffer image = ByteBuffer.allocate(ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES + size)
                .order(ByteOrder.LITTLE_ENDIAN);
        putElfHeader(image);
        putProgramHeader(image, size);
        image.putInt(MULTIBOOT_MAGIC).putInt(0).putInt(-MULTIBOOT_MAGIC);
        int codeStart = image.position();
        image.put(code).put(greeting);
        image.putInt(codeStart + 1, LOAD_ADDRESS + MULTIBOOT_HEADER_BYTES + code.length);
        return image.array();
    }

    /** System V ABI, chapter 4: a 32-bit executable for the 80386. */
    private static void putElfHeader(ByteBuffer image) {
        image.put(new byte[] {0x7f, 'E', 'L', 'F', 1, 1, 1, 0}).putLong(0);
        image.putShort((short) 2).putShort((short) 3).putInt(1);
        image.putInt(LOAD_ADDRESS + MULTIBOOT_HEADER_BYTES);
        image.putInt(ELF_HEADER_BYTES).putInt(0).putInt(0);
        image.putShort((short) ELF_HEADER_BYTES)
                .putShort((short) PROGRAM_HEADER_BYTES)
                .putShort((short) 1);
        image.putShort((short) 0).putShort((short) 0).putShort((short) 0);
    }

    /** System V ABI, chapter 5: one loadable segment, at its physical address. */
    private static void putProgramHeader(ByteBuffer image, int size) {
        image.putInt(1).putInt(ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES);
        image.putInt(LOAD_ADDRESS).putInt(LOAD_ADDRESS);
        image.putInt(size).putInt(size).putInt(7).putInt(4);
    }
}
