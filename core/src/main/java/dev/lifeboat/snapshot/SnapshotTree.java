package dev.lifeboat.snapshot;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.format.ArchiveReader;
import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystems;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The entries of a snapshot, to browse and read without a restore. Only what is requested is read: listing a directory
 * reads the pages that contain its names. Thread-safe.
 *
 * <p>Methods throw {@link IOException} if the store fails or stored data is damaged.
 *
 * <pre>{@code
 * try (SnapshotTree tree = repo.browse(snapshot)) {
 *     for (Entry entry : tree.list(EntryPath.of("volumes/db/data"))) {
 *         System.out.println(entry.path() + " " + entry.size());
 *     }
 *     try (InputStream in = tree.open(EntryPath.of("volumes/db/data/PG_VERSION"))) {
 *         System.out.println(new String(in.readAllBytes(), StandardCharsets.UTF_8));
 *     }
 * }
 * }</pre>
 */
public final class SnapshotTree implements Closeable {
    private final ArchiveReader reader;
    private final String label;

    /**
     * Creates a tree from an archive reader, which it closes.
     *
     * @param label describes the snapshot in messages
     */
    public SnapshotTree(ArchiveReader reader, String label) {
        this.reader = reader;
        this.label = label;
    }

    /** Returns an entry; empty if the path does not exist. The root of a snapshot need not be an entry. */
    public Optional<Entry> stat(EntryPath path) throws IOException {
        try (ArchiveReader.Cursor entries = reader.entries()) {
            return entries.nextFrom(path)
                    .map(ArchiveReader.Item::entry)
                    .filter(entry -> entry.path().equals(path));
        }
    }

    /**
     * Lists the children of a directory, in canonical order. A directory that the source did not send, while it sent
     * entries below it, is listed with mode 0755 and owner 0.
     *
     * @throws FileNotFoundException if the directory does not exist
     * @throws NotDirectoryException if the entry is not a directory
     */
    public List<Entry> list(EntryPath directory) throws IOException {
        List<Entry> children = new ArrayList<>();
        boolean exists = directory.isRoot();
        try (ArchiveReader.Cursor entries = reader.entries()) {
            Optional<Entry> next = entries.nextFrom(directory).map(ArchiveReader.Item::entry);
            while (next.isPresent() && next.get().path().startsWith(directory)) {
                Entry entry = childOf(directory, next.get());
                boolean isDirectory = entry.type() == EntryType.DIRECTORY;
                if (!entry.path().equals(directory)) {
                    children.add(entry);
                } else if (!isDirectory) {
                    throw new NotDirectoryException("'" + directory + "' of " + label);
                } else {
                    exists = true;
                }
                boolean skips = isDirectory && !entry.path().equals(directory);
                next = (skips ? entries.nextFrom(afterSubtree(entry.path())) : entries.next())
                        .map(ArchiveReader.Item::entry);
            }
        }
        if (!exists && children.isEmpty()) {
            throw new FileNotFoundException("no directory '" + directory + "' in " + label);
        }
        return List.copyOf(children);
    }

    private static Entry childOf(EntryPath directory, Entry entry) {
        List<ByteString> below = entry.path().relativeTo(directory).segments();
        return below.size() < 2
                ? entry
                : Entry.directory(directory.resolve(below.get(0)), Attributes.of(0755, 0, 0, Instant.EPOCH));
    }

    /**
     * Returns the least path after all paths below the given one; in canonical order a slash precedes every other byte.
     */
    private static EntryPath afterSubtree(EntryPath path) {
        byte[] name = path.name().toByteArray();
        byte[] after = Arrays.copyOf(name, name.length + 1);
        after[name.length] = 1;
        return path.parent().resolve(ByteString.of(after));
    }

    /**
     * Passes each entry whose path matches a glob, such as {@code **}{@code /*.conf}, in canonical order. Reads the
     * whole entry list.
     *
     * @param glob in the syntax of {@link java.nio.file.FileSystem#getPathMatcher}
     * @throws java.util.regex.PatternSyntaxException if the glob is malformed
     */
    public void find(String glob, Consumer<? super Entry> found) throws IOException {
        PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + glob);
        try (ArchiveReader.Cursor entries = reader.entries()) {
            for (Optional<ArchiveReader.Item> next; (next = entries.next()).isPresent(); ) {
                Entry entry = next.get().entry();
                if (!entry.path().isRoot()
                        && matcher.matches(Path.of(entry.path().toString()))) {
                    found.accept(entry);
                }
            }
        }
    }

    /**
     * Opens the content of a file, or of the file that a hard link names. The caller closes the stream. Content is
     * checked before it is returned, or the stream fails at its end.
     *
     * @throws FileNotFoundException if there is no such file
     */
    public InputStream open(EntryPath path) throws IOException {
        return reader.open(path);
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }

    @Override
    public String toString() {
        return label;
    }
}
