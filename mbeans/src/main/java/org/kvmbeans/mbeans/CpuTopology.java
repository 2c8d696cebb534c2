package org.kvmbeans.mbeans;

/**
 * How a guest sees the vCPUs that its VM can have: {@code sockets} times {@code cores} times {@code threads}.
 *
 * @param sockets processor packages
 * @param cores cores of each socket
 * @param threads hardware threads of each core
 */
public record CpuTopology(int sockets, int cores, int threads) {}
