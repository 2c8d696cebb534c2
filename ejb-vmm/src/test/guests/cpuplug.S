/*
 * Waits until something is typed, lets the vCPU go whose removal is wanted then, and ends when it has come back: what a
 * kernel's ACPI methods do with the registers of vCPU hot plug, without their vCPUs.
 */
#include "guest.inc"

        .set    CPU_FLAGS, 0x634
        .set    CPU_NEXT, 0x638
        .set    PRESENT, 1
        .set    ADDED, 2
        .set    REMOVAL, 4
        .set    EJECT, 8
        .set    NO_EVENT, -1

main:
        puts    "waiting\n"
        mov     $COM1_LSR, %dx
1:      in      %dx, %al
        test    $1, %al
        jz      1b

        mov     $CPU_NEXT, %dx
        in      %dx, %eax
        cmp     $1, %eax
        require_equal 1
        mov     $CPU_FLAGS, %dx
        in      %dx, %al
        cmp     $(PRESENT | REMOVAL), %al
        require_equal 2
        mov     $(REMOVAL | EJECT), %al
        out     %al, %dx

        mov     $CPU_NEXT, %dx
2:      in      %dx, %eax
        cmp     $NO_EVENT, %eax
        je      2b
        cmp     $1, %eax
        require_equal 3
        mov     $CPU_FLAGS, %dx
        in      %dx, %al
        cmp     $(PRESENT | ADDED), %al
        require_equal 4
        exit    GOOD
