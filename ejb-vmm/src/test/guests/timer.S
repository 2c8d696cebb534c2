/*
 * Sleeps until interrupts of three timers, ten of each: the PIT and the real-time clock through the PICs, and the local
 * APIC's own.
 */
#include "guest.inc"

        .set    PIT_CHANNEL_0, 0x40
        .set    PIT_COMMAND, 0x43
        .set    PIT_1000_HERTZ, 1193
        .set    TICKS, 10

        .set    RTC_INDEX, 0x70
        .set    RTC_DATA, 0x71
        .set    RTC_A_1024_HERTZ, 0x26
        .set    RTC_B_PERIODIC, 0x42
        .set    RTC_C_PERIODIC, 0xC0

        .set    APIC_EOI, LOCAL_APIC + 0xB0
        .set    APIC_SPURIOUS, LOCAL_APIC + 0xF0
        .set    APIC_LVT_TIMER, LOCAL_APIC + 0x320
        .set    APIC_TIMER_INITIAL, LOCAL_APIC + 0x380
        .set    APIC_TIMER_DIVIDE, LOCAL_APIC + 0x3E0
        .set    TIMER_VECTOR, 0x40

main:
        interrupt_gate IRQ_BASE, on_pit
        interrupt_gate IRQ_BASE + 8, on_rtc
        interrupt_gate TIMER_VECTOR, on_apic_timer
        out8    PIT_COMMAND, 0x34
        out8    PIT_CHANNEL_0, PIT_1000_HERTZ & 0xFF
        out8    PIT_CHANNEL_0, PIT_1000_HERTZ >> 8
        out8    PIC1 + 1, 0xFE
        mov     $ticks, %ebx
        call    sleep_ten_ticks
        out8    PIC1 + 1, 0xFF
        puts    "pit\n"

        out8    RTC_INDEX, 0x0A
        out8    RTC_DATA, RTC_A_1024_HERTZ
        out8    RTC_INDEX, 0x0B
        out8    RTC_DATA, RTC_B_PERIODIC
        out8    PIC1 + 1, 0xFF & ~(1 << 2)
        out8    PIC2 + 1, 0xFF & ~(1 << 0)
        mov     $rtc_ticks, %ebx
        call    sleep_ten_ticks
        out8    PIC2 + 1, 0xFF
        puts    "rtc\n"

        movl    $0x1FF, APIC_SPURIOUS
        movl    $0xB, APIC_TIMER_DIVIDE
        movl    $0x20000 | TIMER_VECTOR, APIC_LVT_TIMER
        movl    $1000000, APIC_TIMER_INITIAL
        mov     $apic_ticks, %ebx
        call    sleep_ten_ticks
        movl    $0, APIC_TIMER_INITIAL
        puts    "apic\n"
        exit    GOOD

        /* Waits until the counter at EBX says ten. STI lets one more instruction pass, so no tick is slept through. */
sleep_ten_ticks:
1:      cmpl    $TICKS, (%ebx)
        jae     2f
        sti
        hlt
        cli
        jmp     1b
2:      ret

on_pit:
        pusha
        incl    ticks
        out8    PIC1, 0x20
        popa
        end_interrupt

        /* Reading register C is what lets the clock interrupt again. */
on_rtc:
        pusha
        out8    RTC_INDEX, 0x0C
        mov     $RTC_DATA, %dx
        in      %dx, %al
        and     $RTC_C_PERIODIC, %al
        cmp     $RTC_C_PERIODIC, %al
        require_equal 1
        incl    rtc_ticks
        out8    PIC2, 0x20
        out8    PIC1, 0x20
        popa
        end_interrupt

on_apic_timer:
        incl    apic_ticks
        movl    $0, APIC_EOI
        end_interrupt

        .bss
ticks:  .skip   4
rtc_ticks:
        .skip   4
apic_ticks:
        .skip   4
