package dev.lifeboat.internal.tree;

import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import dev.lifeboat.internal.pack.ChunkName;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Entries buffered in a temporary file, in the form of pages. Only the owner of the file can read it. Not thread-safe.
 */
public final class EntrySpool implements AutoCloseable {
    private static final int PAGE_ENTRIES = 512;
    private static final int PAGE_BYTES = 1 << 20;
    private static final ChunkName NO_NAME = ChunkName.of(new byte[ChunkName.BYTES]);

    private final Path file;
    private final DataOutputStream out;
    private Leaf leaf = new Leaf();
    private long count;

    /** Creates the temporary file. */
    public EntrySpool() throws IOException {
        file = Files.createTempFile("lifeboat-entries-", ".tmp");
        boolean made = false;
        try {
            out = new DataOutputStream(new BufferedOutputStream(new ZstdOutputStream(Files.newOutputStream(file), 1)));
            made = true;
        } finally {
            if (!made) {
                Files.deleteIfExists(file);
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

    /** Receives entries. */
    @FunctionalInterface
    public interface Taker {
        /** Receives the next entry. */
        void take(TreeEntry entry) throws IOException;
    }

    /** Passes all entries on, in order. Nothing can be added afterwards. */
    public void forEach(Taker taker) throws IOException {
        flush();
        out.writeInt(-1);
        out.close();
        try (DataInputStream in =
                new DataInputStream(new BufferedInputStream(new ZstdInputStream(Files.newInputStream(file))))) {
            for (int length; (length = in.readInt()) >= 0; ) {
                Node node = Node.parse(in.readNBytes(length));
                for (TreeEntry entry : LeafReader.read(node, in.readNBytes(in.readInt()))) {
                    taker.take(entry);
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            out.close();
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
