/* Port I/O of each width, single and as strings, to a device and to nobody. */
#include "guest.inc"

        .set    NOBODY, 0x1F00
        .set    SCRATCH, COM1 + 7

main:
        mov     $NOBODY, %dx
        xor     %eax, %eax
        in      %dx, %al
        cmp     $0xFF, %eax
        require_equal 1
        xor     %eax, %eax
        in      %dx, %ax
        cmp     $0xFFFF, %eax
        require_equal 2
        in      %dx, %eax
        cmp     $-1, %eax
        require_equal 3
        out     %al, %dx
        out     %ax, %dx
        out     %eax, %dx

        /* A register that keeps what is written to it. */
        mov     $SCRATCH, %dx
        mov     $0x5A, %al
        out     %al, %dx
        xor     %eax, %eax
        in      %dx, %al
        cmp     $0x5A, %eax
        require_equal 4
        /* The second byte lies beyond the device. */
        in      %dx, %ax
        cmp     $0xFF5A, %eax
        require_equal 5

        mov     $SCRATCH, %dx
        mov     $buffer, %edi
        mov     $64, %ecx
        cld
        rep insb
        mov     $buffer, %edi
        mov     $64, %ecx
        mov     $0x5A, %al
        repe scasb
        require_equal 6

        mov     $COM1, %dx
        mov     $text, %esi
        mov     $text_end - text, %ecx
        rep outsb
        exit    GOOD

        .section .rodata
text:   .ascii  "strings of port I/O arrive whole and in order\n"
text_end:
        .bss
buffer: .skip   64
