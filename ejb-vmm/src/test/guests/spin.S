/*
 * Computes without ever leaving the CPU: blocks of a million steps of a generator, each checked for its result, so that a
 * register lost in a pause shows. Between blocks it looks whether something was typed, and ends.
 */
#include "guest.inc"

        .set    STEPS, 1000000
        .set    RESULT, 0x15d54c41

main:
        puts    "computing\n"
1:      mov     $1, %eax
        mov     $STEPS, %ecx
2:      imul    $1664525, %eax
        add     $1013904223, %eax
        dec     %ecx
        jnz     2b
        cmp     $RESULT, %eax
        require_equal 1
        mov     $COM1_LSR, %dx
        in      %dx, %al
        test    $1, %al
        jz      1b
        exit    GOOD
