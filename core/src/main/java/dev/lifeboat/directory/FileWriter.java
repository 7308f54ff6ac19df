package dev.lifeboat.directory;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.Inode;
import dev.lifeboat.internal.posix.Metadata;
import dev.lifeboat.internal.posix.OpenFile;
import dev.lifeboat.internal.posix.PosixException;
import dev.lifeboat.internal.posix.Stat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * Creates entries other than directories: under a temporary name in the same directory, complete with metadata, then
 * renamed. Thread-safe.
 */
final class FileWriter {
    private static final ThreadLocal<ByteBuffer> BUFFER =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(1 << 18));

    private final Metadata metadata;
    private final Dir.Kept kept;

    /** Looks at a name before it is taken, when the temporary name is there. */
    @FunctionalInterface
    interface NameCheck {
        /** Throws {@link NameTakenException} if another entry has this name. */
        void check(Dir dir, ByteString temp, ByteString name) throws IOException;
    }

    FileWriter(Metadata metadata, Dir.Kept kept) {
        this.metadata = metadata;
        this.kept = kept;
    }

    void file(Entry entry, Dir dir, ByteString temp, InputStream in, NameCheck names) throws IOException {
        try (OpenFile file = dir.createFile(temp)) {
            boolean moved = false;
            try {
                if (in instanceof SparseInputStream sparse) {
                    copySparse(sparse, file);
                } else {
                    copy(in, file, Long.MAX_VALUE);
                }
                metadata.apply(entry, file);
                names.check(dir, temp, entry.path().name());
                dir.rename(temp, entry.path().name(), kept);
                moved = true;
            } finally {
                if (!moved) {
                    discard(dir, temp);
                }
            }
        }
    }

    private static void copySparse(SparseInputStream in, OpenFile file) throws IOException {
        SparseMap map = in.map();
        for (int i = 0; i < map.regions(); i++) {
            file.seek(map.offset(i));
            copy(in.data(), file, map.length(i));
        }
        // Reads to the end, where the data is checked.
        if (in.data().read() >= 0) {
            throw new IOException("sparse content is longer than its map");
        }
        file.truncate(map.size());
    }

    private static void copy(InputStream in, OpenFile file, long most) throws IOException {
        ByteBuffer buffer = BUFFER.get();
        byte[] bytes = new byte[Io.BUFFER_BYTES];
        long left = most;
        buffer.clear();
        while (left > 0) {
            int n = in.read(bytes, 0, (int) Math.min(bytes.length, left));
            if (n < 0) {
                break;
            }
            if (buffer.remaining() < n) {
                file.write(buffer.flip());
                buffer.clear();
            }
            buffer.put(bytes, 0, n);
            left -= n;
        }
        file.write(buffer.flip());
    }

    void special(Entry entry, Dir dir, ByteString temp, NameCheck names) throws IOException {
        switch (entry.type()) {
            case SYMLINK -> dir.makeSymlink(temp, entry.link().orElseThrow());
            case FIFO -> dir.makeFifo(temp);
            case CHARACTER_DEVICE ->
                dir.makeDevice(temp, Stat.CHARACTER_DEVICE, entry.device().orElseThrow());
            case BLOCK_DEVICE ->
                dir.makeDevice(temp, Stat.BLOCK_DEVICE, entry.device().orElseThrow());
            case FILE, DIRECTORY, HARD_LINK ->
                throw new IllegalArgumentException("not a special file: " + entry.type());
        }
        finish(dir, temp, entry, true, names);
    }

    void hardLink(Entry entry, Dir dir, Dir targetDir, ByteString temp, NameCheck names) throws IOException {
        dir.makeHardLink(temp, targetDir, entry.hardLinkTarget().name());
        finish(dir, temp, entry, false, names);
    }

    private void finish(Dir dir, ByteString temp, Entry entry, boolean withMetadata, NameCheck names)
            throws IOException {
        boolean moved = false;
        try {
            if (withMetadata) {
                try (Inode inode = dir.openInode(temp)) {
                    metadata.apply(entry, inode);
                }
            }
            names.check(dir, temp, entry.path().name());
            dir.rename(temp, entry.path().name(), kept);
            moved = true;
        } finally {
            if (!moved) {
                discard(dir, temp);
            }
        }
    }

    private static void discard(Dir dir, ByteString temp) {
        try {
            dir.unlink(temp);
        } catch (PosixException e) {
            // The original failure is reported; this file keeps a temporary name that no entry has.
            return;
        }
    }
}
