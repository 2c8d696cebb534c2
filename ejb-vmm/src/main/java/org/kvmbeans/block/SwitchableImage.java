package org.kvmbeans.block;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.DiskImageException.Kind;
import org.kvmbeans.sys.EventFd;
import org.kvmbeans.sys.IoVector;

/**
 * A disk whose image can be exchanged, and whose writes can be watched, while it is in use: what operations on disks of
 * running machines stand on. It passes all requests on to the image below.
 *
 * <p>An operation {@linkplain #claim claims} the disk, which has one at a time. It reaches the image below by {@link #use},
 * beside the guest's requests, and by {@link #exclusively}, between them.
 */
public final class SwitchableImage implements DiskImage {
    /** How long requests may take to end before an operation gives up to wait for them. */
    private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(30);

    private static final WriteWatch[] UNWATCHED = {};

    private final String name;
    private final DiskGeometry geometry;
    private final RequestGate gate = new RequestGate();
    /** Changes while the gate is shut; a request reads it once it has entered. */
    private volatile DiskImage current;
    /** As {@link #current}. */
    private volatile WriteWatch[] watches = UNWATCHED;

    /** Guards the fields below. */
    private final Object lock = new Object();

    private final List<SwitchableRequests<?>> background = new ArrayList<>();
    private @Nullable Claim claim;

    private volatile boolean closed;

    /**
     * Makes a disk of an image, which it owns from then on.
     *
     * @param name what messages call it
     */
    public SwitchableImage(String name, DiskImage image) {
        this.name = name;
        current = image;
        geometry = image.geometry();
    }

    /** Something done to the image below. */
    @FunctionalInterface
    public interface Use<T> {
        /** Does it. */
        T with(DiskImage image) throws IOException;
    }

    /** Something done to the disk while no request is in progress. */
    @FunctionalInterface
    public interface Exclusive<T> {
        /** Does it; soon, as the guest waits. */
        T with(Switch disk) throws IOException;
    }

    /** The disk while no request is in progress. */
    public final class Switch {
        private Switch() {}

        /** The image below. */
        public DiskImage current() {
            return current;
        }

        /**
         * Puts another image in the place of the present one, which becomes the caller's.
         *
         * @throws DiskImageException UNSUPPORTED where the guest's requests would not fit it; the present one then stays
         */
        public void to(DiskImage next) throws DiskImageException {
            if (next.geometry().blockBytes() > geometry.blockBytes()
                    || next.sizeBytes() != current.sizeBytes()
                    || next.readOnly() != current.readOnly()) {
                throw new DiskImageException(
                        Kind.UNSUPPORTED,
                        name,
                        "it cannot be exchanged for an image of another kind: its blocks have "
                                + next.geometry().blockBytes() + " bytes and its size is " + next.sizeBytes()
                                + " bytes; blocks of at most " + geometry.blockBytes() + " and a size of "
                                + current.sizeBytes() + " would do");
            }
            List<SwitchableRequests<?>> requests = background();
            requests.forEach(each -> each.switchTo(null));
            current = next;
            requests.forEach(each -> each.switchTo(next));
        }

        /** Lets {@code watch} see all writes from now on. */
        public void watch(WriteWatch watch) {
            List<WriteWatch> more = new ArrayList<>(List.of(watches));
            more.add(watch);
            watches = more.toArray(WriteWatch[]::new);
        }

        /** Lets {@code watch} see no more writes. */
        public void unwatch(WriteWatch watch) {
            List<WriteWatch> fewer = new ArrayList<>(List.of(watches));
            fewer.remove(watch);
            watches = fewer.toArray(WriteWatch[]::new);
        }
    }

    /** An operation's right to the disk. Closing is idempotent. */
    public final class Claim implements AutoCloseable {
        private final String operation;

        private Claim(String operation) {
            this.operation = operation;
        }

        @Override
        public void close() {
            synchronized (lock) {
                if (claim == this) {
                    claim = null;
                }
            }
        }
    }

    /** What messages call it. */
    public String name() {
        return name;
    }

    /**
     * Takes the disk for an operation.
     *
     * @param operation what it is, such as "a mirror"
     * @throws DiskImageException LOCKED where another one has it
     */
    public Claim claim(String operation) throws DiskImageException {
        synchronized (lock) {
            if (claim != null) {
                throw new DiskImageException(
                        Kind.LOCKED,
                        name,
                        claim.operation + " is in progress, and " + operation
                                + " cannot come meanwhile: let it end, or cancel it");
            }
            claim = new Claim(operation);
            return claim;
        }
    }

    /** Does something to the image below, as one of the disk's requests: it does not change meanwhile. */
    public <T> T use(Use<T> use) throws IOException {
        int ticket = enter();
        try {
            return use.with(current);
        } finally {
            gate.leave(ticket);
        }
    }

    /**
     * Waits until no request is in progress, lets none begin, and does something to the disk; requests that come meanwhile
     * wait. The calling thread has none in progress itself.
     *
     * @throws DiskImageException IO_ERROR where requests do not end; nothing is then done
     */
    public <T> T exclusively(Exclusive<T> action) throws IOException {
        if (!gate.shut(DRAIN_NANOS)) {
            throw new DiskImageException(
                    Kind.IO_ERROR, name, "its storage does not answer: a request did not end; nothing was changed");
        }
        try {
            requireOpen();
            return action.with(new Switch());
        } finally {
            gate.open();
        }
    }

    private int enter() throws DiskImageException {
        int ticket = gate.enter();
        if (closed) {
            gate.leave(ticket);
            requireOpen();
        }
        return ticket;
    }

    private void requireOpen() throws DiskImageException {
        if (closed) {
            throw new DiskImageException(Kind.IO_ERROR, name, "it has been closed: its machine was powered off");
        }
    }

    /** Whether it was closed: nothing more can be done to it. */
    public boolean isClosed() {
        return closed;
    }

    boolean isWatched() {
        return watches.length > 0;
    }

    private List<SwitchableRequests<?>> background() {
        synchronized (lock) {
            return List.copyOf(background);
        }
    }

    void forget(SwitchableRequests<?> requests) {
        synchronized (lock) {
            background.remove(requests);
        }
    }

    @Override
    public long sizeBytes() {
        return current.sizeBytes();
    }

    @Override
    public DiskGeometry geometry() {
        return geometry;
    }

    @Override
    public boolean readOnly() {
        return current.readOnly();
    }

    @Override
    public void read(long offset, IoVector target) throws IOException {
        int ticket = enter();
        try {
            current.read(offset, target);
        } finally {
            gate.leave(ticket);
        }
    }

    @Override
    public void write(long offset, IoVector source) throws IOException {
        int ticket = enter();
        try {
            WriteWatch[] watching = watches;
            if (watching.length == 0) {
                current.write(offset, source);
            } else {
                long length = source.totalBytes();
                change(watching, offset, length, image -> image.write(offset, source));
            }
        } finally {
            gate.leave(ticket);
        }
    }

    /** A change of the image below that somebody watches. */
    @FunctionalInterface
    private interface Change {
        void to(DiskImage image) throws IOException;
    }

    private void change(WriteWatch[] watching, long offset, long length, Change change) throws IOException {
        for (WriteWatch watch : watching) {
            if (watch.delaysWrites()) {
                watch.beforeChange(offset, length);
            }
        }
        try {
            change.to(current);
        } finally {
            for (WriteWatch watch : watching) {
                watch.afterChange(offset, length);
            }
        }
    }

    @Override
    public boolean readAtOnce(long offset, IoVector target) throws IOException {
        int ticket = gate.tryEnter();
        if (ticket < 0) {
            return false;
        }
        try {
            return !closed && current.readAtOnce(offset, target);
        } finally {
            gate.leave(ticket);
        }
    }

    @Override
    public boolean writeAtOnce(long offset, IoVector source) throws IOException {
        int ticket = gate.tryEnter();
        if (ticket < 0) {
            return false;
        }
        try {
            // A watched write may have to wait for its watch.
            return !closed && watches.length == 0 && current.writeAtOnce(offset, source);
        } finally {
            gate.leave(ticket);
        }
    }

    @Override
    public <T> AsyncRequests<T> openAsync(EventFd signal) {
        SwitchableRequests<T> requests = new SwitchableRequests<>(this, gate, signal);
        int ticket = gate.enter();
        try {
            synchronized (lock) {
                background.add(requests);
            }
            requests.switchTo(closed ? null : current);
        } finally {
            gate.leave(ticket);
        }
        return requests;
    }

    @Override
    public void flush() throws IOException {
        int ticket = enter();
        try {
            current.flush();
        } finally {
            gate.leave(ticket);
        }
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        int ticket = enter();
        try {
            change(watches, offset, length, image -> image.discard(offset, length));
        } finally {
            gate.leave(ticket);
        }
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        int ticket = enter();
        try {
            change(watches, offset, length, image -> image.writeZeroes(offset, length, mayUnmap));
        } finally {
            gate.leave(ticket);
        }
    }

    /** Changes the size, while no operation has claimed the disk. */
    @Override
    public void resize(long sizeBytes) throws IOException {
        try (Claim resizing = claim("a change of its size")) {
            exclusively(disk -> {
                disk.current().resize(sizeBytes);
                return resizing;
            });
        }
    }

    @Override
    public Extent extent(long offset, long length) throws IOException {
        int ticket = enter();
        try {
            return current.extent(offset, length);
        } finally {
            gate.leave(ticket);
        }
    }

    @Override
    public long allocatedBytes() {
        return current.allocatedBytes();
    }

    /**
     * Waits for the requests in progress and closes the image below. Later ones fail, those of operations as well: they
     * end by that.
     */
    @Override
    public void close() throws IOException {
        while (!gate.shut(DRAIN_NANOS)) {
            // Whatever is in progress reads or writes memory that must not be given away under it.
            Thread.onSpinWait();
        }
        try {
            boolean first = !closed;
            closed = true;
            if (first) {
                background().forEach(each -> each.switchTo(null));
                current.close();
            }
        } finally {
            gate.open();
        }
    }
}
