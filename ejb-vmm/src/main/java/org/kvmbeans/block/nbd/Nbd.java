package org.kvmbeans.block.nbd;

/** Numbers of the protocol, by the names of the NBD protocol document ("Values"). All are sent big-endian. */
final class Nbd {
    /** The first 8 bytes of every server: "NBDMAGIC". */
    static final long INIT_MAGIC = 0x4e42444d41474943L;
    /** What a newstyle server and every option of a client begin with: "IHAVEOPT". */
    static final long OPTION_MAGIC = 0x49484156454F5054L;

    static final long OPTION_REPLY_MAGIC = 0x3e889045565a9L;
    static final int REQUEST_MAGIC = 0x25609513;
    static final int SIMPLE_REPLY_MAGIC = 0x67446698;
    static final int STRUCTURED_REPLY_MAGIC = 0x668e33ef;

    /** Handshake flags of the server; the client's have the same values. */
    static final int FLAG_FIXED_NEWSTYLE = 1;

    static final int FLAG_NO_ZEROES = 1 << 1;

    static final int OPT_EXPORT_NAME = 1;
    static final int OPT_ABORT = 2;
    static final int OPT_LIST = 3;
    static final int OPT_STARTTLS = 5;
    static final int OPT_INFO = 6;
    static final int OPT_GO = 7;
    static final int OPT_STRUCTURED_REPLY = 8;
    static final int OPT_LIST_META_CONTEXT = 9;
    static final int OPT_SET_META_CONTEXT = 10;

    static final int REP_ACK = 1;
    static final int REP_SERVER = 2;
    static final int REP_INFO = 3;
    static final int REP_META_CONTEXT = 4;
    /** Set in every reply that refuses an option. */
    static final int REP_FLAG_ERROR = 1 << 31;

    static final int REP_ERR_UNSUP = REP_FLAG_ERROR | 1;
    static final int REP_ERR_POLICY = REP_FLAG_ERROR | 2;
    static final int REP_ERR_INVALID = REP_FLAG_ERROR | 3;
    static final int REP_ERR_TLS_REQD = REP_FLAG_ERROR | 5;
    static final int REP_ERR_UNKNOWN = REP_FLAG_ERROR | 6;
    static final int REP_ERR_SHUTDOWN = REP_FLAG_ERROR | 7;
    static final int REP_ERR_BLOCK_SIZE_REQD = REP_FLAG_ERROR | 8;
    static final int REP_ERR_TOO_BIG = REP_FLAG_ERROR | 9;

    static final int INFO_EXPORT = 0;
    static final int INFO_NAME = 1;
    static final int INFO_DESCRIPTION = 2;
    static final int INFO_BLOCK_SIZE = 3;

    /** Transmission flags: what an export is and can. */
    static final int FLAG_HAS_FLAGS = 1;

    static final int FLAG_READ_ONLY = 1 << 1;
    static final int FLAG_SEND_FLUSH = 1 << 2;
    static final int FLAG_SEND_FUA = 1 << 3;
    static final int FLAG_SEND_TRIM = 1 << 5;
    static final int FLAG_SEND_WRITE_ZEROES = 1 << 6;
    static final int FLAG_SEND_DF = 1 << 7;
    static final int FLAG_CAN_MULTI_CONN = 1 << 8;
    static final int FLAG_SEND_CACHE = 1 << 10;
    static final int FLAG_SEND_FAST_ZERO = 1 << 11;

    static final int CMD_READ = 0;
    static final int CMD_WRITE = 1;
    static final int CMD_DISC = 2;
    static final int CMD_FLUSH = 3;
    static final int CMD_TRIM = 4;
    static final int CMD_CACHE = 5;
    static final int CMD_WRITE_ZEROES = 6;
    static final int CMD_BLOCK_STATUS = 7;

    static final int CMD_FLAG_FUA = 1;
    static final int CMD_FLAG_NO_HOLE = 1 << 1;
    static final int CMD_FLAG_DF = 1 << 2;
    static final int CMD_FLAG_REQ_ONE = 1 << 3;
    static final int CMD_FLAG_FAST_ZERO = 1 << 4;

    static final int REPLY_FLAG_DONE = 1;

    static final int REPLY_NONE = 0;
    static final int REPLY_OFFSET_DATA = 1;
    static final int REPLY_OFFSET_HOLE = 2;
    static final int REPLY_BLOCK_STATUS = 5;
    /** Set in every type of chunk that tells of an error. */
    static final int REPLY_FLAG_ERROR = 1 << 15;

    static final int REPLY_ERROR = REPLY_FLAG_ERROR | 1;
    static final int REPLY_ERROR_OFFSET = REPLY_FLAG_ERROR | 2;

    /** Flags of the context base:allocation. */
    static final int STATE_HOLE = 1;

    static final int STATE_ZERO = 1 << 1;

    static final String BASE_ALLOCATION = "base:allocation";
    static final String DIRTY_BITMAP = "qemu:dirty-bitmap:";

    /** IANA's port of the protocol. */
    static final int PORT = 10809;

    static final int REQUEST_BYTES = 28;
    static final int SIMPLE_REPLY_BYTES = 16;
    static final int CHUNK_BYTES = 20;
    static final int OPTION_BYTES = 16;
    static final int OPTION_REPLY_BYTES = 20;
    /** Reserved bytes after the reply to OPT_EXPORT_NAME, unless FLAG_NO_ZEROES was agreed upon. */
    static final int RESERVED_BYTES = 124;

    /** The longest string: names, queries, messages ("Conventions"). */
    static final int MAX_STRING_BYTES = 4096;
    /** The most data that one request carries where nothing else was agreed upon ("Block size constraints"). */
    static final int MAX_PAYLOAD_BYTES = 32 << 20;

    private Nbd() {}
}
