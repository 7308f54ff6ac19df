package dev.lifeboat.testkit;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.DeviceNumber;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.entry.SparseMap;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Entries and their content in memory: a source, a target, and what both are compared with. Equal if paths, types,
 * attributes, links, content and holes are; fingerprints do not count. As a target it asks for everything.
 * Thread-safe as a sink.
 */
public final class MemoryTree implements SnapshotSource, RestoreTarget {
    private final SortedMap<EntryPath, Item> items = new ConcurrentSkipListMap<>();
    private final List<Problem> problems = new ArrayList<>();
    private final List<EntryPath> offered = new ArrayList<>();
    private final Set<EntryPath> sent = new HashSet<>();

    /** An entry and the data of its regions. */
    private record Item(Entry entry, Optional<SparseMap> map, byte[] data) {
        String describe() {
            String holes = map.map(m -> {
                        StringBuilder regions = new StringBuilder(" holes around");
                        for (int i = 0; i < m.regions(); i++) {
                            regions.append(' ').append(m.offset(i)).append('+').append(m.length(i));
                        }
                        return regions.toString();
                    })
                    .orElse("");
            return entry.withFingerprint(Optional.empty()) + holes + " data " + data.length + " #"
                    + Arrays.hashCode(data);
        }
    }

    /** Adds or replaces an entry without content. */
    public MemoryTree add(Entry entry) {
        items.put(entry.path(), new Item(entry, Optional.empty(), new byte[0]));
        return this;
    }

    /** Adds or replaces a file; gives it the size of its content. */
    public MemoryTree add(Entry entry, byte[] content) {
        items.put(entry.path(), new Item(entry.withSize(content.length), Optional.empty(), content.clone()));
        return this;
    }

    /** Adds or replaces a file with holes. */
    public MemoryTree addSparse(Entry entry, SparseMap map, byte[] data) {
        items.put(entry.path(), new Item(entry.withSize(map.size()), Optional.of(map), data.clone()));
        return this;
    }

    /** Removes an entry. */
    public MemoryTree remove(EntryPath path) {
        items.remove(path);
        return this;
    }

    /** Returns an entry. */
    public Entry get(EntryPath path) {
        return item(path).entry();
    }

    /** Returns the content of a file without its holes. */
    public byte[] content(EntryPath path) {
        return item(path).data().clone();
    }

    private Item item(EntryPath path) {
        Item item = items.get(path);
        if (item == null) {
            throw new AssertionError("no entry '" + path + "' among " + items.keySet());
        }
        return item;
    }

    /** Returns all paths in canonical order. */
    public List<EntryPath> paths() {
        return List.copyOf(items.keySet());
    }

    /** Returns what was reported. */
    public List<Problem> problems() {
        synchronized (problems) {
            return List.copyOf(problems);
        }
    }

    /** Returns paths in the order they were offered to this as a sink. */
    public List<EntryPath> offered() {
        return List.copyOf(offered);
    }

    /** Returns the paths whose content was sent from this as a source. */
    public Set<EntryPath> sent() {
        return Set.copyOf(sent);
    }

    /** Makes an independent copy. */
    public MemoryTree copy() {
        MemoryTree copy = new MemoryTree();
        copy.items.putAll(items);
        return copy;
    }

    /** What is compared, one line an entry. */
    public List<String> lines() {
        return items.values().stream().map(Item::describe).toList();
    }

    @Override
    public String name() {
        return "memory:tree";
    }

    @Override
    public void sendTo(EntrySink sink) throws IOException {
        sent.clear();
        for (Item item : items.values()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted");
            }
            if (sink.offer(item.entry())) {
                sent.add(item.entry().path());
                sink.content(item.entry(), open(item));
            }
        }
    }

    private static InputStream open(Item item) {
        InputStream data = new ByteArrayInputStream(item.data());
        return item.map().isPresent() ? new SparseInputStream(item.map().get(), data) : data;
    }

    @Override
    public String location() {
        return "memory:tree";
    }

    @Override
    public Session begin(RestoreRequest request) {
        return new Session() {
            @Override
            public boolean offer(Entry entry) {
                offered.add(entry.path());
                if (entry.isFile() && !request.dryRun()) {
                    return true;
                }
                items.put(entry.path(), new Item(entry, Optional.empty(), new byte[0]));
                return false;
            }

            @Override
            public void content(Entry entry, InputStream in) throws IOException {
                ByteArrayOutputStream data = new ByteArrayOutputStream();
                Optional<SparseMap> map = Optional.empty();
                if (in instanceof SparseInputStream sparse) {
                    map = Optional.of(sparse.map()).filter(SparseMap::hasHoles);
                    sparse.data().transferTo(data);
                } else {
                    in.transferTo(data);
                }
                long size = map.map(SparseMap::size).orElse((long) data.size());
                items.put(entry.path(), new Item(entry.withSize(size), map, data.toByteArray()));
            }

            @Override
            public void report(Problem problem) {
                synchronized (problems) {
                    problems.add(problem);
                }
                request.listener().problem(problem);
            }

            @Override
            public void commit() {}

            @Override
            public void close() {}
        };
    }

    /** Reads a source whole. */
    public static MemoryTree of(SnapshotSource source) throws IOException {
        MemoryTree tree = new MemoryTree();
        try (Session session = tree.begin(RestoreRequest.plain())) {
            source.sendTo(session);
            session.commit();
        }
        return tree;
    }

    /** Returns what lies below a directory, as seen from there. */
    public MemoryTree below(EntryPath directory) {
        MemoryTree tree = new MemoryTree();
        for (Item item : items.values()) {
            Entry entry = item.entry();
            if (entry.path().startsWith(directory)) {
                Entry moved = entry.relativeTo(directory);
                tree.items.put(moved.path(), new Item(moved, item.map(), item.data()));
            }
        }
        return tree;
    }

    /** Attributes for tests: mode 0644, a time with nanoseconds. */
    public static Attributes attributes(int mode) {
        return Attributes.of(mode, 1000, 1001, Instant.ofEpochSecond(1_700_000_000, 123_456_789));
    }

    /**
     * Makes a tree of everything: names of any bytes, long ones, hard links, symbolic links, pipes, attributes, holes.
     *
     * @param asRoot also devices, other owners, trusted attributes
     */
    public static MemoryTree ofEverything(boolean asRoot) {
        Attributes file = attributes(0644);
        Attributes directory = attributes(0755);
        MemoryTree tree = new MemoryTree();
        tree.add(Entry.directory(EntryPath.root(), attributes(0750)));
        tree.add(Entry.file(EntryPath.of("empty"), 0, file), new byte[0]);
        tree.add(
                Entry.file(EntryPath.of("hello"), 0, file),
                "hello, world\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        tree.add(Entry.directory(EntryPath.of("dir"), attributes(01777)));
        tree.add(Entry.directory(EntryPath.of("dir/empty"), directory));
        tree.add(Entry.file(EntryPath.of("dir/setuid"), 0, attributes(06755)), random(1, 300_000));
        tree.add(Entry.file(EntryPath.of("dir.file"), 0, file), random(2, 511));
        tree.add(Entry.file(EntryPath.of("dir-file"), 0, file), random(3, 512));
        tree.add(Entry.hardLink(EntryPath.of("link-to-hello"), EntryPath.of("hello"), file));
        tree.add(Entry.hardLink(EntryPath.of("link2"), EntryPath.of("dir/setuid"), attributes(06755)));
        Attributes any = attributes(0777);
        tree.add(Entry.symlink(EntryPath.of("sym"), ByteString.utf8("../outside"), any));
        tree.add(Entry.symlink(EntryPath.of("sym-long"), ByteString.utf8("x/".repeat(150) + "y"), any));
        tree.add(Entry.symlink(EntryPath.of("sym-abs"), ByteString.utf8("/nowhere"), any));
        tree.add(Entry.fifo(EntryPath.of("pipe"), attributes(0600)));
        tree.add(
                Entry.file(EntryPath.of(new byte[] {'n', (byte) 0xff, '\n', '\\', (byte) 0xc3, 'x'}), 0, file),
                random(4, 10));
        tree.add(Entry.file(EntryPath.of("ümläut-€"), 0, file), random(5, 10));
        tree.add(Entry.file(EntryPath.of("n".repeat(255)), 0, file), random(6, 10));
        String deep = "";
        for (int i = 0; i < 30; i++) {
            deep += (i == 0 ? "" : "/") + "d".repeat(200);
            tree.add(Entry.directory(EntryPath.of(deep), directory));
        }
        tree.add(Entry.file(EntryPath.of(deep + "/bottom"), 0, file), random(7, 10));
        SparseMap holes = SparseMap.ofSize(50_000_000)
                .data(1 << 20, 4096)
                .data(20 << 20, 65_536)
                .build();
        tree.addSparse(Entry.file(EntryPath.of("sparse"), 0, file), holes, random(8, 4096 + 65_536));
        tree.addSparse(
                Entry.file(EntryPath.of("sparse-empty"), 0, file),
                SparseMap.ofSize(1 << 20).build(),
                new byte[0]);
        SortedMap<ByteString, ByteString> xattrs = new TreeMap<>();
        xattrs.put(ByteString.utf8("user.comment"), ByteString.utf8("a comment"));
        xattrs.put(ByteString.utf8("user.with=%"), ByteString.of(random(9, 200)));
        xattrs.put(ByteString.utf8("user.empty"), ByteString.utf8(""));
        tree.add(Entry.file(EntryPath.of("xattrs"), 0, file.withXattrs(xattrs)), random(10, 100));
        tree.add(Entry.directory(
                EntryPath.of("xdir"), directory.withXattrs(Map.of(ByteString.utf8("user.d"), ByteString.utf8("v")))));
        if (asRoot) {
            tree.add(Entry.device(
                    EntryPath.of("null"), EntryType.CHARACTER_DEVICE, new DeviceNumber(1, 3), attributes(0666)));
            tree.add(Entry.device(
                    EntryPath.of("block"), EntryType.BLOCK_DEVICE, new DeviceNumber(259, 70_000), attributes(0660)));
            tree.add(
                    Entry.file(
                            EntryPath.of("owned"),
                            0,
                            Attributes.of(0600, 3_000_000_000L, 2_100_000, Instant.ofEpochSecond(-5, 7))),
                    random(11, 10));
            tree.add(
                    Entry.file(
                            EntryPath.of("trusted"),
                            0,
                            file.withXattrs(Map.of(
                                    ByteString.utf8("trusted.x"),
                                    ByteString.utf8("y"),
                                    ByteString.utf8("system.posix_acl_access"),
                                    ACL))),
                    random(12, 10));
        }
        return tree;
    }

    /** user::rw-, user:4242:r--, group::r--, mask::r--, other::r-- in the kernel's form (linux/posix_acl_xattr.h). */
    private static final ByteString ACL = ByteString.of(new byte[] {
        2,
        0,
        0,
        0,
        1,
        0,
        6,
        0,
        -1,
        -1,
        -1,
        -1,
        2,
        0,
        4,
        0,
        (byte) 0x92,
        0x10,
        0,
        0,
        4,
        0,
        4,
        0,
        -1,
        -1,
        -1,
        -1,
        16,
        0,
        4,
        0,
        -1,
        -1,
        -1,
        -1,
        32,
        0,
        4,
        0,
        -1,
        -1,
        -1,
        -1
    });

    /** Bytes that are the same for the same seed. */
    public static byte[] random(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
