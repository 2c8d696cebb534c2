# The records that power-cut-writer writes and power-cut-check finds again.
package PowerCutRecord;
use strict;
use warnings;

use constant SIZE => 512;

# The record says its number in every line, so that any torn or stale part of it shows.
sub record {
    my ($number) = @_;
    return sprintf("%015d\n", $number) x (SIZE / 16);
}

# count_valid FILE: how many records from the first on are whole and in order.
sub count_valid {
    my ($path) = @_;
    open my $file, '<', $path or return 0;
    binmode $file;
    my ($count, $found) = (0, '');
    $count++ while (read($file, $found, SIZE) // 0) == SIZE && $found eq record($count);
    return $count;
}

1;
