/*
 * Does what it is told through the serial port, all by interrupt, and echoes what is no command:
 *   c  reset by port 0xCF9        k  reset by the keyboard controller    a  reset by port 0x92
 *   p  power off by ACPI          x  exit with GOOD                      t  triple fault
 *   b  loop for ever, without an exit and with interrupts off
 * The ACPI power button makes it power itself off.
 */
#include "guest.inc"

        .set    PM1_STATUS, 0x600
        .set    PM1_ENABLE, 0x602
        .set    PM1_CONTROL, 0x604
        .set    POWER_BUTTON, 0x100
        .set    ENTER_S5, (1 << 13) | (5 << 10)

main:
        interrupt_gate IRQ_BASE + 4, on_serial
        interrupt_gate IRQ_BASE + 9, on_acpi
        out8    COM1_FCR, 0x07
        out8    COM1_MCR, 0x0B
        out8    COM1_IER, 0x01
        mov     $PM1_ENABLE, %dx
        mov     $POWER_BUTTON, %ax
        out     %ax, %dx
        out8    PIC1 + 1, 0xFF & ~(1 << 4 | 1 << 2)
        out8    PIC2 + 1, 0xFF & ~(1 << 1)
        puts    "ready\n"
        sti
1:      hlt
        jmp     1b

on_serial:
        pusha
1:      mov     $COM1_LSR, %dx
        in      %dx, %al
        test    $1, %al
        jz      2f
        mov     $COM1, %dx
        in      %dx, %al
        call    command
        jmp     1b
2:      out8    PIC1, 0x20
        popa
        end_interrupt

on_acpi:
        mov     $PM1_STATUS, %dx
        in      %dx, %ax
        test    $POWER_BUTTON, %ax
        jz      1f
        out     %ax, %dx
        puts    "power button\n"
        jmp     power_off
1:      exit    9

command:
        cmp     $'c', %al
        je      reset_by_port
        cmp     $'k', %al
        je      reset_by_keyboard_controller
        cmp     $'a', %al
        je      reset_by_port_92
        cmp     $'p', %al
        je      power_off
        cmp     $'x', %al
        je      good
        cmp     $'t', %al
        je      triple_fault
        cmp     $'b', %al
        je      busy
        mov     $COM1, %dx
        out     %al, %dx
        ret

reset_by_port:
        out8    0xCF9, 0x02
        out8    0xCF9, 0x06
        jmp     stand_still

reset_by_keyboard_controller:
        out8    0x64, 0xFE
        jmp     stand_still

reset_by_port_92:
        out8    0x92, 0x01
        jmp     stand_still

power_off:
        mov     $PM1_CONTROL, %dx
        mov     $ENTER_S5, %ax
        out     %ax, %dx
        jmp     stand_still

good:
        exit    GOOD

triple_fault:
        lidt    no_idt
        ud2

busy:
        puts    "busy\n"
1:      jmp     1b

stand_still:
        cli
        hlt
        jmp     stand_still

        .section .rodata
no_idt: .word   0
        .long   0
