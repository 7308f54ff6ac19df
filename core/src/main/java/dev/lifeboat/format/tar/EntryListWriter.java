package dev.lifeboat.format.tar;

import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.internal.frame.FrameCodec;
import dev.lifeboat.internal.frame.FrameWriter;
import dev.lifeboat.internal.io.UnnamedFile;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Collects the lines of an entry list in canonical order, although content may arrive in any order: a slot holds the
 * position of a line that is not known yet. Lines are written to a temporary file, since the list is put only when the
 * archive is complete. A slot that is still open after thousands of further ones is kept in memory, with the number of
 * the line it precedes. Thread-safe.
 */
final class EntryListWriter implements AutoCloseable {
    private static final int MAX_WAITING = 4096;

    private final UnnamedFile spool;
    private final DataOutputStream out;
    private final Deque<Slot> waiting = new ArrayDeque<>();
    private final List<Slot> late = new ArrayList<>();
    private long lines;

    /** The position of a line. */
    final class Slot {
        private byte @Nullable [] line;
        private boolean dropped;
        private long before;

        /** Sets the line. */
        void fill(StoredEntry entry) throws IOException {
            byte[] json = EntryJson.write(entry);
            if (json.length > EntryListReader.MAX_LINE_BYTES) {
                throw new IOException("'" + entry.entry().path() + "' has more metadata than the format can store: "
                        + json.length + " bytes, at most " + EntryListReader.MAX_LINE_BYTES);
            }
            synchronized (EntryListWriter.this) {
                line = json;
                advance();
            }
        }

        /** Removes the position; it gets no line. */
        void drop() throws IOException {
            synchronized (EntryListWriter.this) {
                dropped = true;
                advance();
            }
        }
    }

    EntryListWriter() throws IOException {
        spool = UnnamedFile.create("lifeboat-entries-");
        out = new DataOutputStream(new BufferedOutputStream(new ZstdOutputStream(spool.output(), 1), 1 << 16));
    }

    synchronized Slot next() throws IOException {
        Slot slot = new Slot();
        waiting.add(slot);
        if (waiting.size() > MAX_WAITING) {
            Slot head = waiting.remove();
            head.before = lines;
            late.add(head);
            advance();
        }
        return slot;
    }

    void add(StoredEntry entry) throws IOException {
        next().fill(entry);
    }

    private void advance() throws IOException {
        for (Slot head; (head = waiting.peek()) != null && (head.line != null || head.dropped); waiting.remove()) {
            if (head.line != null) {
                out.writeInt(head.line.length);
                out.write(head.line);
                lines++;
            }
        }
    }

    /** Puts the list; slots that are still open are dropped. */
    synchronized Written finish(FormatContext context, String name) throws IOException {
        for (Slot slot : waiting) {
            slot.dropped |= slot.line == null;
        }
        advance();
        out.close();
        FrameWriter writer =
                new FrameWriter(context, TarManifest.entriesKey(name), new FrameCodec(FrameCodec.Kind.ZSTD, 3));
        long total = 0;
        try (DataInputStream in =
                new DataInputStream(new BufferedInputStream(new ZstdInputStream(spool.input()), 1 << 16))) {
            int nextLate = 0;
            for (long i = 0; i <= lines; i++) {
                for (; nextLate < late.size() && late.get(nextLate).before == i; nextLate++) {
                    byte[] line = late.get(nextLate).line;
                    if (line != null) {
                        writeLine(writer, line);
                        total++;
                    }
                }
                if (i < lines) {
                    writeLine(writer, in.readNBytes(in.readInt()));
                    total++;
                }
            }
            return new Written(writer.finish(), total);
        } finally {
            writer.abort();
        }
    }

    private static void writeLine(FrameWriter writer, byte[] line) throws IOException {
        writer.write(line, 0, line.length);
        writer.write('\n');
    }

    /** The result of {@link #finish}; the list is durable. */
    record Written(FrameWriter.Written object, long lines) {}

    @Override
    public void close() throws IOException {
        try {
            out.close();
        } finally {
            spool.close();
        }
    }
}
