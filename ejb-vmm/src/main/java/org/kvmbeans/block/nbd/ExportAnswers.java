package org.kvmbeans.block.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What a server tells of an export and its contexts while options are haggled over. */
final class ExportAnswers {
    private static final int MAX_BLOCK_BYTES = 64 << 10;
    private static final int DEFAULT_PREFERRED = 4096;

    private final @Nullable String bitmap;
    private boolean known;
    private long sizeBytes;
    private int flags;
    private int minimumBlock = 1;
    private int preferredBlock = DEFAULT_PREFERRED;
    private int maximumPayload = Nbd.MAX_PAYLOAD_BYTES;
    private long allocationContext = ExportInfo.NO_CONTEXT;
    private long bitmapContext = ExportInfo.NO_CONTEXT;

    /** @param bitmap name of the dirty bitmap that was asked for */
    ExportAnswers(@Nullable String bitmap) {
        this.bitmap = bitmap;
    }

    /** A reply to NBD_OPT_SET_META_CONTEXT. */
    void context(ClientOptions.Reply reply) throws ProtocolException {
        ByteBuffer data = reply.data();
        if (reply.type() != Nbd.REP_META_CONTEXT || data.remaining() < Integer.BYTES) {
            throw unexpected(reply);
        }
        long id = Integer.toUnsignedLong(data.getInt());
        String name = StandardCharsets.UTF_8.decode(data).toString();
        if (name.equals(Nbd.BASE_ALLOCATION)) {
            allocationContext = id;
        } else if (bitmap != null && name.equals(Nbd.DIRTY_BITMAP + bitmap)) {
            bitmapContext = id;
        } else {
            throw new ProtocolException("a context that nobody asked for: " + ProtocolException.quoted(name));
        }
        if (allocationContext == bitmapContext) {
            throw new ProtocolException("two contexts with the number " + id);
        }
    }

    /** A reply to NBD_OPT_GO. */
    void info(ClientOptions.Reply reply) throws ProtocolException {
        ByteBuffer data = reply.data();
        if (reply.type() != Nbd.REP_INFO || data.remaining() < Short.BYTES) {
            throw unexpected(reply);
        }
        int type = data.getShort() & 0xFFFF;
        if (type == Nbd.INFO_EXPORT && data.remaining() == Long.BYTES + Short.BYTES) {
            export(data.getLong(), data.getShort() & 0xFFFF);
        } else if (type == Nbd.INFO_BLOCK_SIZE && data.remaining() == 3 * Integer.BYTES) {
            blockSizes(data.getInt(), data.getInt(), data.getInt());
        } else if (type == Nbd.INFO_EXPORT || type == Nbd.INFO_BLOCK_SIZE) {
            throw unexpected(reply);
        }
        // A name and a description, and whatever later versions add, are of no use here.
    }

    void export(long size, int exportFlags) throws ProtocolException {
        if (size < 0) {
            throw new ProtocolException(
                    "an export of " + Long.toUnsignedString(size) + " bytes; less than 2^63 are possible");
        }
        if ((exportFlags & Nbd.FLAG_HAS_FLAGS) == 0) {
            throw new ProtocolException("flags of the export without NBD_FLAG_HAS_FLAGS: " + exportFlags);
        }
        sizeBytes = size;
        flags = exportFlags;
        known = true;
    }

    /** "Block size constraints". */
    private void blockSizes(int minimum, int preferred, int maximum) throws ProtocolException {
        boolean powers = Integer.bitCount(minimum) == 1 && Integer.bitCount(preferred) == 1;
        if (!powers || minimum < 1 || minimum > MAX_BLOCK_BYTES || preferred < minimum) {
            throw new ProtocolException("blocks of at least " + Integer.toUnsignedString(minimum) + ", best "
                    + Integer.toUnsignedString(preferred) + " bytes; powers of two are needed, the least up to "
                    + MAX_BLOCK_BYTES);
        }
        long most = Integer.toUnsignedLong(maximum) & -minimum;
        if (most < minimum) {
            throw new ProtocolException("requests of at most " + Integer.toUnsignedString(maximum)
                    + " bytes, less than the smallest of " + minimum);
        }
        minimumBlock = minimum;
        preferredBlock = preferred;
        maximumPayload = (int) Math.min(most, Nbd.MAX_PAYLOAD_BYTES);
    }

    private static ProtocolException unexpected(ClientOptions.Reply reply) {
        return new ProtocolException("a reply of type " + Integer.toUnsignedString(reply.type()) + " with "
                + reply.data().limit() + " bytes, which does not belong there");
    }

    ExportInfo result(boolean structured) throws ProtocolException {
        if (!known) {
            throw new ProtocolException("the server accepted the export and said nothing of it");
        }
        return new ExportInfo(
                // "The size of the export SHOULD be a multiple of the minimum block size": no request reaches a rest.
                sizeBytes & -minimumBlock,
                flags,
                minimumBlock,
                preferredBlock,
                maximumPayload,
                structured,
                structured ? allocationContext : ExportInfo.NO_CONTEXT,
                structured ? bitmapContext : ExportInfo.NO_CONTEXT);
    }
}
