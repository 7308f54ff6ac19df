package dev.lifeboat.internal.pack;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads neighboring bytes of a pack with one request: each requested range together with the bytes that follow it.
 * Keeps the most recent ranges, one for each pack, so a result may be older than the call. Thread-safe.
 */
public final class ReadAhead {
    private final ChunkReader reader;
    private final int atLeastBytes;
    private final Map<String, Stretch> kept;

    /**
     * Reads through a chunk reader.
     *
     * @param atLeastBytes minimum size of a request
     * @param packs number of packs of which a range is kept
     */
    public ReadAhead(ChunkReader reader, int atLeastBytes, int packs) {
        this.reader = reader;
        this.atLeastBytes = atLeastBytes;
        this.kept = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Stretch> eldest) {
                return size() > packs;
            }
        };
    }

    /**
     * A range of bytes of a pack that contains the requested bytes.
     *
     * @param offset in the pack, of the first byte
     */
    public record Stretch(long offset, byte[] bytes) {
        /** Returns the index in these bytes of an offset in the pack. */
        public int at(long offsetInPack) {
            return (int) (offsetInPack - offset);
        }

        private boolean has(long from, int length) {
            return offset <= from && from + length <= offset + bytes.length;
        }
    }

    /**
     * Returns bytes that contain the requested range; fewer if the pack ends earlier.
     *
     * @throws java.io.FileNotFoundException if there is no such pack
     */
    public Stretch stretch(PackInfo pack, long offset, int length) throws IOException {
        synchronized (kept) {
            Stretch known = kept.get(pack.id());
            if (known != null && known.has(offset, length)) {
                return known;
            }
        }
        Stretch stretch = new Stretch(offset, reader.fetch(pack, offset, Math.max(length, atLeastBytes)));
        synchronized (kept) {
            kept.put(pack.id(), stretch);
        }
        return stretch;
    }

    /** Discards what is kept of a pack, so that it is read again. */
    public void forget(PackInfo pack) {
        synchronized (kept) {
            kept.remove(pack.id());
        }
    }
}
