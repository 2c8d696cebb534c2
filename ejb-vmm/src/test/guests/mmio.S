/* Memory-mapped I/O of each width to an address that nobody claims. */
#include "guest.inc"

        .set    NOBODY, 0xD0000000

main:
        mov     $NOBODY, %ebx
        xor     %eax, %eax
        mov     (%ebx), %al
        cmp     $0xFF, %eax
        require_equal 1
        xor     %eax, %eax
        mov     (%ebx), %ax
        cmp     $0xFFFF, %eax
        require_equal 2
        mov     (%ebx), %eax
        cmp     $-1, %eax
        require_equal 3
        movb    $1, (%ebx)
        movw    $2, (%ebx)
        movl    $3, (%ebx)
        mov     (%ebx), %eax
        cmp     $-1, %eax
        require_equal 4
        exit    GOOD
