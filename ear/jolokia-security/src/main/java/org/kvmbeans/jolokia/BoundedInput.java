package org.kvmbeans.jolokia;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A request's body up to a length; a longer one is an error, since a part of it would be another request. */
final class BoundedInput extends FilterInputStream {
    private final int limit;
    private int taken;

    BoundedInput(InputStream in, int limit) {
        super(in);
        this.limit = limit;
    }

    @Override
    public int read() throws IOException {
        int value = super.read();
        count(value < 0 ? 0 : 1);
        return value;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int read = super.read(buffer, offset, Math.min(length, limit - taken + 1));
        count(Math.max(read, 0));
        return read;
    }

    private void count(int bytes) throws IOException {
        taken += bytes;
        if (taken > limit) {
            throw new IOException("the request is longer than " + limit + " bytes: send it in parts");
        }
    }
}
