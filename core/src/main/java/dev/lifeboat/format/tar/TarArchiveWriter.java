package dev.lifeboat.format.tar;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.ArchiveWriter;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.internal.frame.FrameCodec;
import dev.lifeboat.internal.frame.FrameWriter;
import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UnnamedFile;
import dev.lifeboat.internal.maintenance.PendingDeletions;
import dev.lifeboat.internal.tar.TarHeaders;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes one tar and its entry list. Entries that the parent has are not written again: files with the same
 * fingerprint, and other entries that are equal. Members are written one at a time, under the lock of {@code tar}.
 */
final class TarArchiveWriter implements ArchiveWriter {
    private final FormatContext context;
    private final String name;
    private final FrameCodec.Kind compression;
    private final Optional<ArchiveRoot> parentRoot;
    private final @Nullable ParentEntries parent;
    private final FrameWriter tar;
    private final EntryListWriter list;
    private final Map<EntryPath, EntryListWriter.Slot> wanted = new ConcurrentHashMap<>();
    /** Unchanged ancestor directories of the last offer, from the top down, that are not in this tar yet. */
    private final Deque<Entry> passedOver = new ArrayDeque<>();

    private final SortedSet<String> needs = new TreeSet<>();
    private long unchanged;
    private long contentBytes;
    private boolean finished;

    private TarArchiveWriter(
            FormatContext context,
            String name,
            FrameCodec codec,
            Optional<ArchiveRoot> parentRoot,
            @Nullable ParentEntries parent)
            throws IOException {
        this.context = context;
        this.name = name;
        this.compression = codec.kind();
        this.parentRoot = parentRoot;
        this.parent = parent;
        this.tar = new FrameWriter(context, TarManifest.tarKey(name, codec.kind()), codec);
        this.list = list(tar);
        needs.add(name);
    }

    private static EntryListWriter list(FrameWriter tar) throws IOException {
        boolean made = false;
        try {
            EntryListWriter list = new EntryListWriter();
            made = true;
            return list;
        } finally {
            if (!made) {
                tar.abort();
            }
        }
    }

    /**
     * Begins an archive. It has no parent if a prune has removed what the parent needs, or has listed it as pending
     * deletion.
     */
    static TarArchiveWriter begin(FormatContext context, String name, Optional<ArchiveRoot> parent, FrameCodec codec)
            throws IOException {
        if (parent.isPresent()) {
            // Reads the pending deletions first: a prune that removes what they name has either listed this session or
            // ended before.
            SortedSet<String> pending = PendingDeletions.all(context, PendingDeletions.ARCHIVES);
            Optional<TarManifest> manifest = pending.contains(parent.get().reference())
                    ? Optional.empty()
                    : TarManifest.find(context.storage(), parent.get());
            if (manifest.isPresent() && manifest.get().needs().stream().noneMatch(pending::contains)) {
                return new TarArchiveWriter(context, name, codec, parent, new ParentEntries(context, manifest.get()));
            }
        }
        return new TarArchiveWriter(context, name, codec, Optional.empty(), null);
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        StoredEntry earlier = parent == null ? null : parent.find(entry.path());
        if (entry.isFile()) {
            if (earlier != null && entry.sameContentAs(earlier.entry())) {
                Location location = earlier.location().orElseThrow();
                long size = earlier.entry().size().orElseThrow();
                list.add(new StoredEntry(entry.withSize(size), Optional.of(location)));
                synchronized (tar) {
                    needs.add(location.archive());
                    unchanged++;
                    contentBytes += size;
                }
                return false;
            }
            writeDirectoriesTo(entry.path());
            wanted.put(entry.path(), list.next());
            return true;
        }
        if (earlier != null && earlier.entry().equals(entry)) {
            synchronized (tar) {
                unchanged++;
            }
            if (entry.type() == EntryType.DIRECTORY) {
                dropStrangers(entry.path());
                passedOver.addLast(entry);
            }
        } else {
            writeDirectoriesTo(entry.path());
            synchronized (tar) {
                tar.write(TarHeaders.of(entry, 0));
            }
        }
        list.add(new StoredEntry(entry, Optional.empty()));
        return false;
    }

    /**
     * Writes the ancestor directories of a path. Plain tar changes the time of a directory when it extracts into it;
     * the member makes tar set the time again.
     */
    private void writeDirectoriesTo(EntryPath path) throws IOException {
        dropStrangers(path);
        synchronized (tar) {
            for (Entry directory; (directory = passedOver.pollFirst()) != null; ) {
                tar.write(TarHeaders.of(directory, 0));
            }
        }
    }

    private void dropStrangers(EntryPath path) {
        while (!passedOver.isEmpty() && !path.startsWith(passedOver.getLast().path())) {
            passedOver.removeLast();
        }
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        EntryListWriter.Slot slot = wanted.remove(entry.path());
        if (slot == null) {
            throw new IllegalStateException("content of '" + entry.path() + "' was not requested, or was already sent");
        }
        StoredEntry stored = null;
        try {
            if (in instanceof SparseInputStream sparse && sparse.map().hasHoles()) {
                stored = writeSparse(entry, sparse);
            } else if (entry.size().isPresent()) {
                stored = writeFile(entry, in);
            } else {
                stored = spool(entry, in);
            }
        } finally {
            if (stored == null) {
                slot.drop();
            }
        }
        slot.fill(stored);
        synchronized (tar) {
            contentBytes += stored.entry().size().orElse(0);
        }
    }

    private StoredEntry writeFile(Entry entry, InputStream in) throws IOException {
        synchronized (tar) {
            long size = entry.size().orElseThrow();
            tar.write(TarHeaders.of(entry, size));
            long offset = tar.position();
            Copied copied = copy(in, size, Digests.sha256(), false);
            pad(size);
            if (copied.failure() != null) {
                throw copied.failure();
            }
            Location location = new Location(name, offset, copied.length(), false, copied.sha256());
            return new StoredEntry(entry.withSize(copied.length()), Optional.of(location));
        }
    }

    private StoredEntry writeSparse(Entry entry, SparseInputStream in) throws IOException {
        SparseMap map = in.map();
        synchronized (tar) {
            byte[] head = TarHeaders.sparseMap(map);
            tar.write(TarHeaders.ofSparse(entry, map, head.length));
            long offset = tar.position();
            tar.write(head);
            MessageDigest digest = Digests.sha256();
            digest.update(head);
            long size = map.dataBytes();
            Copied copied = copy(in.data(), size, digest, true);
            pad(head.length + size);
            if (copied.failure() != null) {
                throw copied.failure();
            }
            Location location = new Location(name, offset, head.length + size, true, copied.sha256());
            return new StoredEntry(entry.withSize(map.size()), Optional.of(location));
        }
    }

    /**
     * Writes content of unknown size. A tar header contains the size, so the content is first written to a temporary
     * file.
     */
    private StoredEntry spool(Entry entry, InputStream in) throws IOException {
        try (UnnamedFile spool = UnnamedFile.create("lifeboat-content-")) {
            long size = 0;
            byte[] buffer = new byte[Io.BUFFER_BYTES];
            for (int n; (n = in.read(buffer)) >= 0; size += n) {
                Io.checkInterrupt();
                spool.write(ByteBuffer.wrap(buffer, 0, n), size);
            }
            return writeFile(entry.withSize(size), spool.input());
        }
    }

    /** The result of a copy. A failure comes from the input stream; the member is then padded with zeros. */
    private record Copied(
            long length, String sha256, @Nullable IOException failure) {}

    /**
     * Copies content. If a file shrank, the rest is padded with zeros. In a sparse file, whose map is already written,
     * these zeros are content.
     */
    private Copied copy(InputStream in, long size, MessageDigest digest, boolean zerosCount) throws IOException {
        byte[] buffer = new byte[Io.BUFFER_BYTES];
        long done = 0;
        IOException failure = null;
        while (failure == null) {
            Io.checkInterrupt();
            int n;
            try {
                n = in.read(buffer, 0, buffer.length);
            } catch (IOException e) {
                failure = e;
                break;
            }
            if (n < 0) {
                break;
            }
            if (n > size - done) {
                throw new IOException("content is longer than the " + size + " bytes that its entry declares");
            }
            tar.write(buffer, 0, n);
            digest.update(buffer, 0, n);
            done += n;
        }
        byte[] zeros = new byte[Io.BUFFER_BYTES];
        for (long left = size - done; left > 0; left -= Math.min(left, zeros.length)) {
            int n = (int) Math.min(left, zeros.length);
            tar.write(zeros, 0, n);
            if (zerosCount) {
                digest.update(zeros, 0, n);
            }
        }
        return new Copied(done, Digests.hex(digest.digest()), failure);
    }

    private void pad(long size) throws IOException {
        tar.write(new byte[TarHeaders.padding(size)]);
    }

    @Override
    public void report(Problem problem) {
        // The engine stores problems with the snapshot.
    }

    @Override
    public Optional<ArchiveRoot> parent() {
        return parentRoot;
    }

    @Override
    public long bytesStored() {
        return tar.bytesStored();
    }

    @Override
    public Finished finish() throws IOException {
        synchronized (tar) {
            tar.write(TarHeaders.endOfArchive());
            FrameWriter.Written archive = tar.finish();
            EntryListWriter.Written entries = list.finish(context, name);
            TarManifest manifest = new TarManifest(
                    name,
                    compression,
                    TarManifest.Part.of(archive),
                    TarManifest.Part.of(entries.object()),
                    entries.lines(),
                    needs);
            manifest.put(context.storage());
            finished = true;
            return new Finished(manifest.root(), entries.lines(), unchanged, contentBytes);
        }
    }

    @Override
    public void close() throws IOException {
        try (list) {
            if (!finished) {
                tar.abort();
            }
            if (parent != null) {
                parent.close();
            }
        }
    }

    /** The entries of the parent, read in parallel to the offers: both are in canonical order. */
    private static final class ParentEntries {
        private final EntryListReader reader;
        private Optional<StoredEntry> next;

        ParentEntries(FormatContext context, TarManifest manifest) throws IOException {
            reader = new EntryListReader(
                    manifest, context.storage(), new dev.lifeboat.internal.frame.FrameCache(context.executor()));
            next = reader.nextStored();
        }

        @Nullable
        StoredEntry find(EntryPath path) throws DamagedException, IOException {
            while (next.isPresent() && next.get().entry().path().compareTo(path) < 0) {
                next = reader.nextStored();
            }
            return next.filter(s -> s.entry().path().equals(path)).orElse(null);
        }

        void close() throws IOException {
            reader.close();
        }
    }
}
