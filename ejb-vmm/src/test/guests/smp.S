/*
 * Starts all other CPUs by INIT and start-up interrupts, and checks that each one came up with an APIC id of its own. The
 * command line tells how many CPUs there are: cpus=N.
 */
#include "guest.inc"

        .set    TRAMPOLINE, 0x8000
        .set    CPUID_TOPOLOGY, 0xB             /* EDX is the x2APIC id: all 32 bits, whatever mode the APIC is in */
        .set    APIC_SPURIOUS, LOCAL_APIC + 0xF0
        .set    APIC_COMMAND, LOCAL_APIC + 0x300
        .set    MSR_APIC_BASE, 0x1B
        .set    X2APIC_ENABLED, 1 << 10
        .set    MSR_APIC_SPURIOUS, 0x80F
        .set    MSR_APIC_COMMAND, 0x830
        .set    ALL_OTHERS, 3 << 18
        .set    INIT, 0x4500
        .set    STARTUP, 0x4600
        .set    COMMAND_LINE, 16

        /* Enters this CPU's APIC id, and counts it. A macro: the other CPUs are here at once and have no stack. */
        .macro  report
        mov     $CPUID_TOPOLOGY, %eax
        xor     %ecx, %ecx
        cpuid
        lock bts %edx, seen
        lock incl started
        .endm

main:
        call    read_cpu_count
        mov     %eax, cpus
        mov     $trampoline, %esi
        mov     $TRAMPOLINE, %edi
        mov     $trampoline_end - trampoline, %ecx
        cld
        rep movsb
        report
        mov     $MSR_APIC_BASE, %ecx
        rdmsr
        test    $X2APIC_ENABLED, %eax
        jnz     1f
        movl    $0x1FF, APIC_SPURIOUS
        movl    $ALL_OTHERS | INIT, APIC_COMMAND
        movl    $ALL_OTHERS | STARTUP | TRAMPOLINE >> 12, APIC_COMMAND
        movl    $ALL_OTHERS | STARTUP | TRAMPOLINE >> 12, APIC_COMMAND
        jmp     2f
        /* More CPUs than 8-bit ids: the machine hands them over in x2APIC mode, where registers are MSRs. */
1:      xor     %edx, %edx
        mov     $MSR_APIC_SPURIOUS, %ecx
        mov     $0x1FF, %eax
        wrmsr
        mov     $MSR_APIC_COMMAND, %ecx
        mov     $ALL_OTHERS | INIT, %eax
        wrmsr
        mov     $ALL_OTHERS | STARTUP | TRAMPOLINE >> 12, %eax
        wrmsr
        wrmsr
2:
        mov     cpus, %eax
1:      pause
        cmp     started, %eax
        jne     1b

        xor     %ecx, %ecx
2:      bt      %ecx, seen
        jnc     3f
        inc     %ecx
        cmp     cpus, %ecx
        jb      2b
        exit    GOOD
3:      exit    1

        /* The number after the first '=' of the command line, in EAX. */
read_cpu_count:
        mov     COMMAND_LINE(%ebx), %esi
1:      lodsb
        test    %al, %al
        jz      3f
        cmp     $'=', %al
        jne     1b
        xor     %ebx, %ebx
2:      xor     %eax, %eax
        lodsb
        sub     $'0', %eax
        cmp     $9, %eax
        ja      4f
        imul    $10, %ebx
        add     %eax, %ebx
        jmp     2b
3:      exit    2
4:      mov     %ebx, %eax
        ret

        .code16
trampoline:
        cli
        xor     %ax, %ax
        mov     %ax, %ds
        lgdtl   TRAMPOLINE + trampoline_gdt_pointer - trampoline
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        ljmpl   $CODE_SELECTOR, $in_protected_mode
trampoline_gdt_pointer:
        .word   3 * 8 - 1
        .long   gdt
trampoline_end:
        .code32

in_protected_mode:
        mov     $DATA_SELECTOR, %ax
        mov     %ax, %ds
        report
1:      cli
        hlt
        jmp     1b

        .bss
        .align  4
cpus:   .skip   4
started:
        .skip   4
seen:   .skip   64
