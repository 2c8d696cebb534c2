package org.kvmbeans.block.nbd;

/**
 * What clients have had done, since the server or the export began.
 *
 * @param clients connections at present
 * @param clientsTotal connections that got as far as the transmission phase
 * @param readRequests requests to read
 * @param writeRequests requests to write
 * @param otherRequests requests to flush, trim, make zeroes, tell the status
 * @param failedRequests those among all of these that were answered with an error
 * @param bytesRead bytes that were sent to clients as data
 * @param bytesWritten bytes of clients that were written
 */
public record NbdStatistics(
        int clients,
        long clientsTotal,
        long readRequests,
        long writeRequests,
        long otherRequests,
        long failedRequests,
        long bytesRead,
        long bytesWritten) {
    static final NbdStatistics NONE = new NbdStatistics(0, 0, 0, 0, 0, 0, 0, 0);

    NbdStatistics plus(NbdStatistics other) {
        return new NbdStatistics(
                clients + other.clients,
                clientsTotal + other.clientsTotal,
                readRequests + other.readRequests,
                writeRequests + other.writeRequests,
                otherRequests + other.otherRequests,
                failedRequests + other.failedRequests,
                bytesRead + other.bytesRead,
                bytesWritten + other.bytesWritten);
    }
}
