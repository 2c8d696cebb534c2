/*
 * Drives a virtio device on PCI as far as its first interrupts: finds it through configuration mechanism #1, gives its MSI-X
 * vector 1 an interrupt, starts it with queue 0, and rings the doorbell, for each of which the device interrupts once. Then
 * masks the vector, finds the interrupt pending, and gets it when it unmasks. At last it does without messages, by the pin of
 * slot 7. The command line tells the device to
 * look for: id=N, its vendor and device id as one number.
 */
#include "guest.inc"

        .set    CONFIG_ADDRESS, 0xCF8
        .set    CONFIG_DATA, 0xCFC
        .set    CONFIG_ENABLE, 0x80000000
        .set    SLOT_STEP, 1 << 11
        .set    LAST_SLOT, 31 << 11
        .set    COMMAND, 0x04
        .set    MEMORY_AND_MASTER, 6
        .set    CAPABILITIES, 0x34
        .set    MSIX, 0x11
        .set    VENDOR, 0x09
        .set    COMMON, 1
        .set    NOTIFY, 2
        .set    ISR, 3
        .set    MSIX_ENABLE, 1 << 31

        .set    DRIVER_FEATURE_SELECT, 0x08
        .set    DRIVER_FEATURE, 0x0C
        .set    STATUS, 0x14
        .set    QUEUE_SELECT, 0x16
        .set    QUEUE_VECTOR, 0x1A
        .set    QUEUE_ENABLE, 0x1C

        .set    ENTRY_1, 16
        .set    ENTRY_DATA, 8
        .set    ENTRY_CONTROL, 12
        .set    VECTOR, 0x50
        .set    APIC_EOI, LOCAL_APIC + 0xB0
        .set    APIC_SPURIOUS, LOCAL_APIC + 0xF0
        .set    ROUNDS, 50
        .set    PIT_CHANNEL_0, 0x40
        .set    PIT_COMMAND, 0x43
        .set    PIT_1000_HERTZ, 1193
        .set    IOAPIC, 0xFEC00000
        .set    IOAPIC_DATA, 0x10
        .set    LEVEL, 1 << 15
        .set    PIN, 23
        .set    PIN_VECTOR, 0x51
        .set    COMMAND_LINE, 16

main:
        mov     COMMAND_LINE(%ebx), %esi
        call    read_number
        mov     %eax, wanted
        interrupt_gate VECTOR, on_interrupt
        movl    $0x1FF, APIC_SPURIOUS

        mov     $CONFIG_ENABLE, %ebx
1:      add     $SLOT_STEP, %ebx
        cmp     $CONFIG_ENABLE | LAST_SLOT, %ebx
        ja      not_found
        xor     %ecx, %ecx
        call    read_config
        cmp     wanted, %eax
        jne     1b

        mov     $0x10, %ecx
        call    read_config
        mov     %eax, structures
        mov     $0x14, %ecx
        call    read_config
        mov     %eax, table
        mov     $COMMAND, %ecx
        mov     $MEMORY_AND_MASTER, %eax
        call    write_config
        call    find_capabilities

        mov     table, %edi
        movl    $LOCAL_APIC, ENTRY_1(%edi)
        movl    $0, ENTRY_1 + 4(%edi)
        movl    $VECTOR, ENTRY_1 + ENTRY_DATA(%edi)
        movl    $0, ENTRY_1 + ENTRY_CONTROL(%edi)
        mov     msix, %ecx
        mov     $MSIX_ENABLE, %eax
        call    write_config

        call    start_device
        mov     %ebx, function
        mov     notify, %edi
        xor     %ebx, %ebx
2:      inc     %ebx
        movw    $0, (%edi)
        call    await_interrupts
        cmp     $ROUNDS, %ebx
        jb      2b

        /* Masked: the interrupt stays in the pending bits, 2 KiB into the BAR. */
        mov     table, %esi
        movl    $1, ENTRY_1 + ENTRY_CONTROL(%esi)
        movw    $0, (%edi)
3:      mov     0x800(%esi), %eax
        test    $2, %al
        jz      3b
        cmp     %ebx, interrupts
        require_equal 6
        movl    $0, ENTRY_1 + ENTRY_CONTROL(%esi)
        inc     %ebx
        call    await_interrupts
        mov     0x800(%esi), %eax
        test    %eax, %eax
        require_equal 7

        call    tick
        call    use_the_pin
        exit    GOOD

not_found:
        exit    2

        /* Starts the device with queue 0. */
start_device:
        mov     common, %edi
        movb    $0, STATUS(%edi)
        movb    $1, STATUS(%edi)
        movb    $3, STATUS(%edi)
        movl    $1, DRIVER_FEATURE_SELECT(%edi)
        movl    $1, DRIVER_FEATURE(%edi)
        movb    $0xB, STATUS(%edi)
        mov     STATUS(%edi), %al
        cmp     $0xB, %al
        require_equal 3
        movw    $0, QUEUE_SELECT(%edi)
        movw    $1, QUEUE_VECTOR(%edi)
        mov     QUEUE_VECTOR(%edi), %ax
        cmp     $1, %ax
        require_equal 4
        movw    $1, QUEUE_ENABLE(%edi)
        movb    $0xF, STATUS(%edi)
        mov     STATUS(%edi), %al
        cmp     $0xF, %al
        require_equal 5
        ret

        /* The timer still reaches the CPU through the PIC, whatever routes messages have got meanwhile. */
tick:
        interrupt_gate IRQ_BASE, on_interrupt_of_pic
        out8    PIT_COMMAND, 0x34
        out8    PIT_CHANNEL_0, PIT_1000_HERTZ & 0xFF
        out8    PIT_CHANNEL_0, PIT_1000_HERTZ >> 8
        out8    PIC1 + 1, 0xFE
        movl    $0, interrupts
        mov     $1, %ebx
        call    await_interrupts
        out8    PIC1 + 1, 0xFF
        ret

        /* Without messages the device shares the pin, which is the I/O APIC's input PIN. Reading the cause lowers it. */
use_the_pin:
        mov     function, %ebx
        mov     msix, %ecx
        xor     %eax, %eax
        call    write_config
        call    start_device
        interrupt_gate PIN_VECTOR, on_pin
        movl    $0x11 + 2 * PIN, IOAPIC
        movl    $0, IOAPIC + IOAPIC_DATA
        movl    $0x10 + 2 * PIN, IOAPIC
        movl    $LEVEL | PIN_VECTOR, IOAPIC + IOAPIC_DATA
        movl    $0, interrupts
        mov     notify, %edi
        xor     %ebx, %ebx
1:      inc     %ebx
        movw    $0, (%edi)
        call    await_interrupts
        cmp     $ROUNDS, %ebx
        jb      1b
        ret

        /* Sleeps until there were EBX interrupts. */
await_interrupts:
1:      cmp     %ebx, interrupts
        jae     2f
        sti
        hlt
        cli
        jmp     1b
2:      ret

on_interrupt:
        incl    interrupts
        movl    $0, APIC_EOI
        end_interrupt

on_interrupt_of_pic:
        push    %eax
        push    %edx
        incl    interrupts
        out8    PIC1, 0x20
        pop     %edx
        pop     %eax
        end_interrupt

        /* A cause of 0 is no error where lines are shared; software KVM was seen to interrupt once more for a line just lowered. */
on_pin:
        push    %eax
        push    %edi
        mov     isr, %edi
        movzbl  (%edi), %eax
        test    %eax, %eax
        jz      1f
        cmp     $1, %eax
        require_equal 8
        incl    interrupts
1:      movl    $0, APIC_EOI
        pop     %edi
        pop     %eax
        end_interrupt

        /* Finds common, notification and ISR structures and MSI-X of the function EBX selects. */
find_capabilities:
        mov     $CAPABILITIES, %ecx
        call    read_config
        movzx   %al, %ecx
1:      test    %ecx, %ecx
        jz      3f
        call    read_config
        mov     %eax, %ebp
        cmp     $MSIX, %al
        jne     2f
        mov     %ecx, msix
2:      mov     %ebp, %eax
        and     $0xFF0000FF, %eax
        cmp     $COMMON << 24 | VENDOR, %eax
        jne     4f
        mov     $common, %edi
        call    place
4:      mov     %ebp, %eax
        and     $0xFF0000FF, %eax
        cmp     $NOTIFY << 24 | VENDOR, %eax
        jne     5f
        mov     $notify, %edi
        call    place
5:      mov     %ebp, %eax
        and     $0xFF0000FF, %eax
        cmp     $ISR << 24 | VENDOR, %eax
        jne     6f
        mov     $isr, %edi
        call    place
6:      shr     $8, %ebp
        and     $0xFF, %ebp
        mov     %ebp, %ecx
        jmp     1b
3:      ret

        /* Writes the address of the structure, whose capability is at ECX, to EDI. */
place:
        push    %ecx
        add     $8, %ecx
        call    read_config
        add     structures, %eax
        mov     %eax, (%edi)
        pop     %ecx
        ret

        /* EAX: the register ECX of the function that EBX selects */
read_config:
        call    select_register
        in      %dx, %eax
        ret

        /* Writes EAX to the register ECX. */
write_config:
        push    %eax
        call    select_register
        pop     %eax
        out     %eax, %dx
        ret

select_register:
        mov     $CONFIG_ADDRESS, %dx
        mov     %ebx, %eax
        or      %ecx, %eax
        out     %eax, %dx
        mov     $CONFIG_DATA, %dx
        ret

        /* The number after the first '=' at ESI, in EAX. */
read_number:
1:      lodsb
        cmp     $'=', %al
        jne     1b
        xor     %ebx, %ebx
2:      xor     %eax, %eax
        lodsb
        sub     $'0', %eax
        cmp     $9, %eax
        ja      3f
        imul    $10, %ebx
        add     %eax, %ebx
        jmp     2b
3:      mov     %ebx, %eax
        ret

        .bss
        .align  4
wanted: .skip   4
structures:
        .skip   4
table:  .skip   4
common: .skip   4
notify: .skip   4
isr:    .skip   4
function:
        .skip   4
msix:   .skip   4
interrupts:
        .skip   4
