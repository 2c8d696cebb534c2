package org.kvmbeans.block.nbd;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.Access;
import org.kvmbeans.block.CacheMode.Durability;
import org.kvmbeans.block.DiskGeometry;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.block.Extent;
import org.kvmbeans.block.OpenOptions;
import org.kvmbeans.block.Storage;
import org.kvmbeans.sys.IoVector;
import org.kvmbeans.sys.NativeStruct;
import org.kvmbeans.sys.Posix;

/**
 * An export of an NBD server as storage (NBD protocol document, fixed newstyle).
 *
 * <p>When a connection breaks, requests wait until there is a new one, as long as the options say, and are sent again: reads
 * and writes may be carried out twice without harm. Writes that the server had acknowledged and not flushed may be lost when
 * it was restarted; so they are kept, and sent again in their order before anything else, and forgotten once a flush is
 * done. When they fill the memory given to them, a write flushes first. Without such memory
 * ({@link NbdClientOptions#replayBytes} 0), a connection that breaks with writes not flushed fails every request from then
 * on: nobody shall take lost writes for durable. {@link org.kvmbeans.block.CacheMode#UNSAFE} asks for neither.
 *
 * <p>What the protocol does not give: a lock against other clients, and a fence against requests that a broken connection
 * has left behind in a server that still runs.
 */
public final class NbdStorage implements Storage {
    /** Requests without data: trim, zeroes, status; a whole number of any block. */
    private static final long MAX_STRETCH_BYTES = 1L << 30;

    /** Requests at the same time, however small the server wants them. */
    private static final int MAX_REQUESTS = 64;

    private static final int ZERO_BYTES = 1 << 20;
    private static final int SECTOR_BYTES = 512;
    private static final int PAGE_BYTES = 4096;

    private final Posix posix;
    private final NbdUri uri;
    private final NbdClientOptions clientOptions;
    private final OpenOptions options;
    private final ClientTransactions transactions;
    private final BlockEdges edges;
    private volatile ExportInfo export;

    private NbdStorage(Posix posix, NbdUri uri, NbdClientOptions clientOptions, OpenOptions options, Session session) {
        this.posix = posix;
        this.uri = uri;
        this.clientOptions = clientOptions;
        this.options = options;
        export = session.export();
        boolean tracksWrites = options.access() == Access.READ_WRITE
                && options.cache().durability() != Durability.NEVER
                && export.can(Nbd.FLAG_SEND_FLUSH);
        ReplayLog log = new ReplayLog(posix, clientOptions.replayBytes());
        Sessions sessions = new Sessions(posix, uri, clientOptions, log, session, newExport -> export = newExport);
        transactions = new ClientTransactions(sessions, clientOptions, log, tracksWrites);
        edges = new BlockEdges(posix, this, export.minimumBlock());
    }

    /**
     * Connects to an export.
     *
     * @param options the cache mode says whether each write asks to be durable; the server's own cache is its affair
     * @throws DiskImageException NOT_FOUND, DENIED, READ_ONLY, UNSUPPORTED or IO_ERROR, saying what would be right
     */
    public static NbdStorage open(Posix posix, NbdUri uri, NbdClientOptions clientOptions, OpenOptions options)
            throws DiskImageException {
        Session session;
        try {
            session = Session.open(uri, clientOptions);
        } catch (DiskImageException e) {
            throw e;
        } catch (IOException e) {
            throw new DiskImageException(
                    Kind.IO_ERROR, uri.toString(), "the server cannot be reached: " + e.getMessage());
        }
        boolean writes = options.access() == Access.READ_WRITE;
        if (writes && session.export().can(Nbd.FLAG_READ_ONLY)) {
            session.disconnect();
            throw new DiskImageException(
                    Kind.READ_ONLY,
                    uri.toString(),
                    "the server exports it to be read; it can be used with readOnly true");
        }
        String bitmap = clientOptions.dirtyBitmap();
        if (bitmap != null && session.export().bitmapContext() == ExportInfo.NO_CONTEXT) {
            session.disconnect();
            throw new DiskImageException(
                    Kind.NOT_FOUND,
                    uri.toString(),
                    "the server does not export a dirty bitmap '" + bitmap + "' with it");
        }
        return new NbdStorage(posix, uri, clientOptions, options, session);
    }

    @Override
    public String name() {
        return uri.toString();
    }

    @Override
    public OpenOptions options() {
        return options;
    }

    @Override
    public long sizeBytes() {
        return export.sizeBytes();
    }

    @Override
    public DiskGeometry geometry() {
        ExportInfo now = export;
        int block = now.minimumBlock() <= SECTOR_BYTES ? SECTOR_BYTES : PAGE_BYTES;
        int preferred = Math.max(block, now.preferredBlock());
        int discard = now.can(Nbd.FLAG_SEND_TRIM) ? preferred : 0;
        return new DiskGeometry(block, Math.min(preferred, 1 << 20), preferred, discard);
    }

    @Override
    public void read(long offset, IoVector target) throws DiskImageException {
        long total = target.totalBytes();
        long inside = Math.max(0, Math.min(total, sizeBytes() - offset));
        if (inside < total) {
            target.zero(inside, total - inside);
        }
        if (!edges.fit(offset, inside)) {
            edges.read(offset, target, inside);
        } else if (inside > 0) {
            readBlocks(offset, target, inside);
        }
    }

    /** Reads whole blocks within the export into the first {@code length} bytes of {@code target}. */
    void readBlocks(long offset, IoVector target, long length) throws DiskImageException {
        transfer(Nbd.CMD_READ, 0, offset, target, length);
    }

    /** In requests that the server takes, several at the same time. */
    private void transfer(int command, int flags, long offset, IoVector memory, long length) throws DiskImageException {
        int most = export.maximumPayload();
        if (length <= most && length == memory.totalBytes()) {
            transactions.run(request(command, flags, offset, length, memory));
            return;
        }
        for (long done = 0; done < length; ) {
            List<ClientRequest> window = new ArrayList<>();
            long windowEnd = Math.min(length, done + Nbd.MAX_PAYLOAD_BYTES);
            while (done < windowEnd && window.size() < MAX_REQUESTS) {
                long part = Math.min(most, windowEnd - done);
                IoVector slice = new IoVector(posix, 1);
                memory.sliceInto(slice, done, part);
                window.add(request(command, flags, offset + done, part, slice));
                done += part;
            }
            transactions.run(window);
        }
    }

    @Override
    public void write(long offset, IoVector source) throws DiskImageException {
        requireWritable();
        long total = source.totalBytes();
        if (offset < 0 || offset > sizeBytes() - total) {
            throw new DiskImageException(
                    Kind.NO_SPACE,
                    name(),
                    total + " bytes at " + offset + " reach beyond its end at " + sizeBytes()
                            + "; an export cannot grow from here");
        }
        if (!edges.fit(offset, total)) {
            edges.write(offset, source);
        } else if (total > 0) {
            edges.whole(() -> writeBlocks(offset, source));
        }
    }

    /** Writes whole blocks within the export. */
    void writeBlocks(long offset, IoVector source) throws DiskImageException {
        transfer(Nbd.CMD_WRITE, writeFlags(), offset, source, source.totalBytes());
        settle();
    }

    private int writeFlags() {
        boolean durable = options.cache().durability() == Durability.AFTER_WRITE;
        return durable && export.can(Nbd.FLAG_SEND_FUA) ? Nbd.CMD_FLAG_FUA : 0;
    }

    /** A write that must be durable, on a server that cannot be told so, is followed by a flush. */
    private void settle() throws DiskImageException {
        if (options.cache().durability() == Durability.AFTER_WRITE && !export.can(Nbd.FLAG_SEND_FUA)) {
            transactions.flush(export.can(Nbd.FLAG_SEND_FLUSH));
        }
    }

    /** Makes every write that was done before durable; a server that offers no flush has done so already, as it says. */
    @Override
    public void flush() throws DiskImageException {
        if (options.access() == Access.READ_WRITE && options.cache().durability() != Durability.NEVER) {
            transactions.flush(export.can(Nbd.FLAG_SEND_FLUSH));
        }
    }

    @Override
    public void discard(long offset, long length) throws DiskImageException {
        requireWritable();
        if (!export.can(Nbd.FLAG_SEND_TRIM)) {
            return;
        }
        long block = export.minimumBlock();
        long end = Math.min(offset + length, sizeBytes()) / block * block;
        for (long at = (offset + block - 1) / block * block; at < end; at += MAX_STRETCH_BYTES) {
            transactions.run(request(Nbd.CMD_TRIM, 0, at, Math.min(MAX_STRETCH_BYTES, end - at), null));
        }
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws DiskImageException {
        requireWritable();
        zero(offset, length, mayUnmap ? 0 : Nbd.CMD_FLAG_NO_HOLE);
    }

    /**
     * Makes a stretch read as zeros, if the server can do that faster than by writing them.
     *
     * @return false where it cannot; nothing was changed then, or a part of the stretch reads as zeros
     */
    public boolean writeZeroesFast(long offset, long length) throws DiskImageException {
        requireWritable();
        if (!export.can(Nbd.FLAG_SEND_FAST_ZERO) || !edges.fit(offset, length)) {
            return false;
        }
        try {
            zero(offset, length, Nbd.CMD_FLAG_FAST_ZERO);
            return true;
        } catch (DiskImageException e) {
            if (e.kind() == Kind.UNSUPPORTED) {
                return false;
            }
            throw e;
        }
    }

    private void zero(long offset, long length, int flags) throws DiskImageException {
        long end = Math.min(offset + length, sizeBytes());
        if (!export.can(Nbd.FLAG_SEND_WRITE_ZEROES)) {
            writeZeroData(offset, end);
            return;
        }
        long block = export.minimumBlock();
        long from = Math.min(end, (offset + block - 1) / block * block);
        long to = Math.max(from, end / block * block);
        writeZeroData(offset, from);
        for (long at = from; at < to; at += MAX_STRETCH_BYTES) {
            long part = Math.min(MAX_STRETCH_BYTES, to - at);
            ClientRequest request = request(Nbd.CMD_WRITE_ZEROES, flags | writeFlags(), at, part, null);
            edges.whole(() -> transactions.run(request));
        }
        writeZeroData(to, end);
        settle();
    }

    private void writeZeroData(long from, long end) throws DiskImageException {
        if (from >= end) {
            return;
        }
        int bytes = (int) Math.min(ZERO_BYTES, end - from);
        NativeStruct zeros = new NativeStruct(posix, bytes);
        IoVector vector = new IoVector(posix, 1);
        for (long at = from; at < end; at += bytes) {
            vector.clear();
            vector.add(zeros.buffer(), zeros.address(), 0, (int) Math.min(bytes, end - at));
            write(at, vector);
        }
    }

    /** Asks the server to have a stretch at hand for reads soon; does nothing where it cannot. */
    public void prefetch(long offset, long length) throws DiskImageException {
        long block = export.minimumBlock();
        long end = Math.min(offset + length, sizeBytes()) / block * block;
        int most = export.maximumPayload();
        for (long at = offset / block * block; at < end && export.can(Nbd.FLAG_SEND_CACHE); at += most) {
            transactions.run(request(Nbd.CMD_CACHE, 0, at, Math.min(most, end - at), null));
        }
    }

    /**
     * Takes notice of the size that the export has been given.
     *
     * @throws DiskImageException UNSUPPORTED where it has another size: the protocol has no way to change it
     */
    @Override
    public void resize(long newBytes) throws DiskImageException {
        requireWritable();
        long actual = sizeBytes();
        if (actual != newBytes) {
            actual = askForSize();
            export = export.withSize(actual);
        }
        if (actual != newBytes) {
            throw new DiskImageException(
                    Kind.UNSUPPORTED,
                    name(),
                    "the export has " + actual + " bytes, not " + newBytes
                            + "; change the size of what the server exports first");
        }
    }

    /** By a connection of its own: those in use learn nothing new from the server. */
    private long askForSize() throws DiskImageException {
        try {
            Session session = Session.open(uri, clientOptions.withConnections(1));
            session.disconnect();
            return session.export().sizeBytes();
        } catch (DiskImageException e) {
            throw e;
        } catch (IOException e) {
            throw transactions.sessions().failure("its size cannot be asked for: " + e.getMessage());
        }
    }

    /** The protocol does not tell. */
    @Override
    public long allocatedBytes() {
        return -1;
    }

    @Override
    public Extent extent(long offset, long length) throws DiskImageException {
        Status status = status(export.allocationContext(), offset, length);
        boolean zero = (status.flags & Nbd.STATE_ZERO) != 0;
        return zero
                ? new Extent(offset, status.bytes, Extent.Kind.ZERO, 0, -1)
                : new Extent(offset, status.bytes, Extent.Kind.DATA, 0, offset);
    }

    /**
     * What the dirty bitmap of the options says of a stretch from {@code offset} on.
     *
     * @param length the most bytes that it may have, above 0, within the export
     */
    public DirtyExtent dirtyExtent(long offset, long length) throws DiskImageException {
        if (clientOptions.dirtyBitmap() == null) {
            throw new IllegalStateException(name() + ": it was opened without a dirty bitmap");
        }
        if (export.bitmapContext() == ExportInfo.NO_CONTEXT) {
            throw new DiskImageException(Kind.NOT_FOUND, name(), "the server no longer exports the dirty bitmap");
        }
        Status status = status(export.bitmapContext(), offset, length);
        return new DirtyExtent(offset, status.bytes, (status.flags & 1) != 0);
    }

    private record Status(int flags, long bytes) {}

    /** Flags of the first stretch; none, of all that is asked, where the server has no such context. */
    private Status status(long context, long offset, long length) throws DiskImageException {
        ExportInfo now = export;
        long block = now.minimumBlock();
        long start = offset / block * block;
        long end = Math.min(Math.min(offset + length, start + MAX_STRETCH_BYTES), now.sizeBytes());
        if (context == ExportInfo.NO_CONTEXT || end <= offset) {
            return new Status(0, length);
        }
        long whole = Math.min(MAX_STRETCH_BYTES, (end - start + block - 1) / block * block);
        ClientRequest request = new ClientRequest(
                Nbd.CMD_BLOCK_STATUS, 0, start, Math.min(whole, now.sizeBytes() - start), null, context);
        transactions.run(request);
        long bytes = Math.min(start + request.statusBytes(), end) - offset;
        // A server whose stretches are smaller than its blocks says nothing of use.
        return bytes > 0 ? new Status(request.statusFlags(), bytes) : new Status(0, Math.min(length, block));
    }

    private static ClientRequest request(int command, int flags, long offset, long length, @Nullable IoVector data) {
        return new ClientRequest(command, flags, offset, length, data, ExportInfo.NO_CONTEXT);
    }

    /** How often broken connections were replaced. */
    public long reconnects() {
        return transactions.sessions().reconnects();
    }

    /** How many connections there are at present. */
    public int connectionCount() {
        return transactions.sessions().connectionCount();
    }

    private void requireWritable() throws DiskImageException {
        if (options.access() == Access.READ_ONLY) {
            throw new DiskImageException(Kind.READ_ONLY, name(), "it was opened to read");
        }
    }

    /** Ends the connections, when no request is in progress; durable only what was flushed. Idempotent. */
    @Override
    public void close() {
        transactions.sessions().close();
    }
}
