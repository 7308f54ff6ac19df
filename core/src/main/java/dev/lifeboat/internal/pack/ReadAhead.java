package dev.lifeboat.internal.pack;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads what lies side by side in a pack by one request: with each stretch that is asked for, what follows it. Keeps the last ones, one of a pack, so what is found in them may be older than the question.
 * Thread-safe.
 */
public final class ReadAhead {
    private final ChunkReader reader;
    private final int atLeastBytes;
    private final Map<String, Stretch> kept;

    /**
     * Reads with others' help.
     *
     * @param atLeastBytes that each request is for
     * @param packs of how many a stretch is kept
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
     * Bytes of a pack, and some around them.
     *
     * @param offset in the pack, of the first
     */
    public record Stretch(long offset, byte[] bytes) {
        /** Where in these bytes some of the pack is. */
        public int at(long offsetInPack) {
            return (int) (offsetInPack - offset);
        }

        private boolean has(long from, int length) {
            return offset <= from && from + length <= offset + bytes.length;
        }
    }

    /**
     * Gives bytes that begin with those asked for, or have them in the middle; fewer if the pack ends before.
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

    /** Has what is known of a pack read anew. */
    public void forget(PackInfo pack) {
        synchronized (kept) {
            kept.remove(pack.id());
        }
    }
}
