/** Benchmarks: programs to be run by {@code ejb-vmm/src/bench/run}, no tests. */
package org.kvmbeans.bench;
