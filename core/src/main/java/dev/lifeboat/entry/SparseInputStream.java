package dev.lifeboat.entry;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Content with a map of its holes. Read like any other stream, it returns zeros for the holes. A reader that handles
 * holes calls {@link #map} and reads the regions one after the other from {@link #data}, to its end. Use only one of
 * the two ways.
 */
public final class SparseInputStream extends InputStream {
    private final SparseMap map;
    private final InputStream data;
    private long position;
    private int region;
    private boolean ended;

    /**
     * Creates a stream from a map and the bytes of its regions.
     *
     * @param data ends early only if the file shrank; this stream then ends there, too
     */
    public SparseInputStream(SparseMap map, InputStream data) {
        this.map = map;
        this.data = data;
    }

    /** Returns where the data is. */
    public SparseMap map() {
        return map;
    }

    /** Returns the bytes of all regions, without the holes. Closing this stream closes it. */
    public InputStream data() {
        return data;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        if (len == 0) {
            return 0;
        }
        if (position >= map.size()) {
            // Reads to the end, so that a stream that checks the data at its end does so.
            if (!ended && data.read() >= 0) {
                throw new IOException("sparse content is longer than its map of " + map.dataBytes() + " bytes");
            }
            ended = true;
            return -1;
        }
        boolean more = region < map.regions();
        long nextData = more ? map.offset(region) : map.size();
        if (position < nextData) {
            int n = (int) Math.min(len, nextData - position);
            Arrays.fill(b, off, off + n, (byte) 0);
            position += n;
            return n;
        }
        long regionEnd = nextData + map.length(region);
        int n = data.read(b, off, (int) Math.min(len, regionEnd - position));
        if (n < 0) {
            position = map.size();
            ended = true;
            return -1;
        }
        position += n;
        if (position == regionEnd) {
            region++;
        }
        return n;
    }

    @Override
    public void close() throws IOException {
        data.close();
    }
}
