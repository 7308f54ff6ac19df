package dev.lifeboat.internal.tree;

import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.TrackedTask;
import dev.lifeboat.internal.io.UnnamedFile;
import dev.lifeboat.internal.pack.ChunkName;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Entries buffered in a temporary file, in the form of pages. Not thread-safe.
 */
public final class EntrySpool implements AutoCloseable {
    private static final int PAGE_ENTRIES = 512;
    private static final int PAGE_BYTES = 1 << 20;
    private static final ChunkName NO_NAME = ChunkName.of(new byte[ChunkName.BYTES]);

    private final UnnamedFile file;
    private final DataOutputStream out;
    private Leaf leaf = new Leaf();
    private long count;
    private boolean sealed;

    /** Creates the temporary file. */
    public EntrySpool() throws IOException {
        file = UnnamedFile.create("lifeboat-entries-");
        boolean made = false;
        try {
            out = new DataOutputStream(new BufferedOutputStream(new ZstdOutputStream(file.output(), 1)));
            made = true;
        } finally {
            if (!made) {
                file.close();
            }
        }
    }

    /** Appends an entry. */
    public void add(TreeEntry entry) throws IOException {
        leaf.add(entry);
        count++;
        if (leaf.count() == PAGE_ENTRIES
                || leaf.bytes() >= PAGE_BYTES
                || leaf.pathBytes() >= TreeWriter.MAX_PATH_BYTES) {
            flush();
        }
    }

    private void flush() throws IOException {
        if (leaf.count() == 0) {
            return;
        }
        write(leaf.node(NO_NAME).toBytes());
        write(leaf.toBytes());
        leaf = new Leaf();
    }

    private void write(byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    /** Returns the number of entries. */
    public long count() {
        return count;
    }

    /** Ends adding. Repeated calls have no effect. */
    public void seal() throws IOException {
        if (!sealed) {
            sealed = true;
            flush();
            out.writeInt(-1);
            out.close();
        }
    }

    /**
     * Reads all entries, in order. The entries are sealed by it. Several readers may be open at once.
     *
     * @param executor decodes the next entries while the caller uses some
     */
    public Reader reader(Executor executor) throws IOException {
        seal();
        return new Reader(executor);
    }

    /** Reads the entries. Not thread-safe. */
    public final class Reader implements AutoCloseable {
        private final DataInputStream in;
        private final Executor executor;
        private Iterator<TreeEntry> page = Collections.emptyIterator();
        private TrackedTask<List<TreeEntry>> ahead;

        private Reader(Executor executor) throws IOException {
            this.in = new DataInputStream(new BufferedInputStream(new ZstdInputStream(file.input())));
            this.executor = executor;
            this.ahead = started();
        }

        private TrackedTask<List<TreeEntry>> started() {
            TrackedTask<List<TreeEntry>> task = new TrackedTask<>(this::readPage, () -> {});
            task.startOn(executor);
            return task;
        }

        /** Returns the next page; an empty one at the end. */
        private List<TreeEntry> readPage() throws IOException {
            int length = in.readInt();
            if (length < 0) {
                return List.of();
            }
            Node node = Node.parse(in.readNBytes(length));
            return LeafReader.read(node, in.readNBytes(in.readInt()));
        }

        /** Returns the next entry; null at the end. */
        public @Nullable TreeEntry next() throws IOException {
            if (!page.hasNext()) {
                List<TreeEntry> entries = Io.await(ahead);
                if (entries.isEmpty()) {
                    return null;
                }
                page = entries.iterator();
                ahead = started();
            }
            return page.next();
        }

        @Override
        public void close() throws IOException {
            // Not interrupted: that would close the file for other readers.
            ahead.cancel(false);
            ahead.awaitLeft();
            in.close();
        }
    }

    @Override
    public void close() throws IOException {
        try {
            out.close();
        } finally {
            file.close();
        }
    }
}
