package dev.lifeboat.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.ArchiveWriter;
import dev.lifeboat.format.Damage;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.FormatMemory;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every {@link ArchiveFormat} must give. Extend it, and say how to make one. */
@Timeout(300)
public abstract class ArchiveFormatContract {
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final MemoryStorage storage = new MemoryStorage();
    private final RepositoryKeys keys = newKeys();
    private final FormatContext context = context(storage);
    private final ArchiveFormat format = newFormat();
    private int names;

    /** For subclasses. */
    protected ArchiveFormatContract() {}

    /** Makes the format. */
    protected abstract ArchiveFormat newFormat();

    /** Makes keys; none unless overridden. */
    protected RepositoryKeys newKeys() {
        return RepositoryKeys.none(new byte[16]);
    }

    @AfterEach
    void shutDown() {
        executor.shutdownNow();
        storage.checkAllClosed();
    }

    private FormatContext context(MemoryStorage in) {
        return new FormatContext(in, executor, 2, keys, Map.of(), new FormatMemory());
    }

    private String name() {
        return HexFormat.of().toHexDigits((long) names++) + "0123456789abcdef";
    }

    private ArchiveRoot write(MemoryTree tree, Optional<ArchiveRoot> parent) throws IOException {
        try (ArchiveWriter writer = format.write(context, name(), parent)) {
            tree.sendTo(writer);
            return writer.finish().root();
        }
    }

    private MemoryTree read(ArchiveRoot root) throws IOException {
        return read(context, root);
    }

    private MemoryTree read(FormatContext from, ArchiveRoot root) throws IOException {
        MemoryTree tree = new MemoryTree();
        try (ArchiveReader reader = format.read(from, root);
                RestoreTarget.Session session = tree.begin(RestoreRequest.plain())) {
            reader.sendTo(session, entry -> true);
            session.commit();
        }
        return tree;
    }

    private void assertClean(ArchiveRoot... roots) throws IOException {
        List<Damage> damages = new ArrayList<>();
        format.verify(context, List.of(roots), ArchiveFormat.Depth.allData(), damages::add);
        assertThat(damages).isEmpty();
    }

    @Test
    void identity_everythingComesBack() throws IOException {
        MemoryTree tree = MemoryTree.ofEverything(true);
        ArchiveRoot root = write(tree, Optional.empty());
        MemoryTree back = read(root);
        assertThat(back.problems()).isEmpty();
        assertThat(back.lines()).isEqualTo(tree.lines());
        assertThat(back.offered()).isEqualTo(tree.paths());
        assertClean(root);
    }

    @Test
    void identity_anEmptyArchive() throws IOException {
        ArchiveRoot root = write(new MemoryTree(), Optional.empty());
        assertThat(read(root).lines()).isEmpty();
        assertClean(root);
    }

    @Test
    void identity_filesOfAllSizes() throws IOException {
        MemoryTree tree = new MemoryTree();
        int[] sizes = {0, 1, 511, 512, 513, 65_535, 65_536, 1 << 20, (2 << 20) - 512, 2 << 20, (2 << 20) + 1, 5_000_000
        };
        for (int size : sizes) {
            tree.add(
                    Entry.file(EntryPath.of("size-" + size), 0, MemoryTree.attributes(0644)),
                    MemoryTree.random(size, size));
        }
        ArchiveRoot root = write(tree, Optional.empty());
        assertThat(read(root).lines()).isEqualTo(tree.lines());
        assertClean(root);
    }

    @Test
    void unknownSize_isStoredWhole() throws IOException {
        byte[] bytes = MemoryTree.random(5, 3_000_000);
        EntryPath path = EntryPath.of("dump.sql");
        Entry entry = Entry.fileOfUnknownSize(path, MemoryTree.attributes(0600));
        ArchiveRoot root;
        try (ArchiveWriter writer = format.write(context, name(), Optional.empty())) {
            assertThat(writer.offer(entry)).isTrue();
            writer.content(entry, new ByteArrayInputStream(bytes));
            root = writer.finish().root();
        }
        MemoryTree back = read(root);
        assertThat(back.content(path)).isEqualTo(bytes);
        assertThat(back.get(path).size()).hasValue(bytes.length);
        assertClean(root);
    }

    @Test
    void contentInAnyOrder_givesTheSame() throws IOException {
        MemoryTree tree = new MemoryTree();
        int count = 10_000;
        for (int i = 0; i < count; i++) {
            tree.add(Entry.file(EntryPath.of("f" + i), 0, MemoryTree.attributes(0644)), MemoryTree.random(i, i % 50));
        }
        List<EntryPath> late = new ArrayList<>(tree.paths());
        java.util.Collections.shuffle(late, new Random(1));
        ArchiveRoot root;
        try (ArchiveWriter writer = format.write(context, name(), Optional.empty())) {
            for (EntryPath path : tree.paths()) {
                assertThat(writer.offer(tree.get(path))).isTrue();
            }
            for (EntryPath path : late) {
                writer.content(tree.get(path), new ByteArrayInputStream(tree.content(path)));
            }
            root = writer.finish().root();
        }
        assertThat(read(root).lines()).isEqualTo(tree.lines());
        assertClean(root);
    }

    @Test
    void shorterThanTold_isStoredAsItIs() throws IOException {
        EntryPath path = EntryPath.of("shrank");
        ArchiveRoot root;
        try (ArchiveWriter writer = format.write(context, name(), Optional.empty())) {
            Entry entry = Entry.file(path, 1000, MemoryTree.attributes(0644));
            assertThat(writer.offer(entry)).isTrue();
            writer.content(entry, new ByteArrayInputStream(MemoryTree.random(1, 600)));
            root = writer.finish().root();
        }
        assertThat(read(root).content(path)).isEqualTo(MemoryTree.random(1, 600));
        assertClean(root);
    }

    @Test
    void contentThatFails_isLeftOutAndTheRestStays() throws IOException {
        IOException broken = new IOException("the source broke");
        ArchiveRoot root;
        try (ArchiveWriter writer = format.write(context, name(), Optional.empty())) {
            Entry bad = Entry.file(EntryPath.of("bad"), 1000, MemoryTree.attributes(0644));
            Entry good = Entry.file(EntryPath.of("good"), 10, MemoryTree.attributes(0644));
            Entry never = Entry.file(EntryPath.of("never"), 10, MemoryTree.attributes(0644));
            assertThat(writer.offer(bad)).isTrue();
            InputStream failing = new java.io.SequenceInputStream(
                    new ByteArrayInputStream(new byte[500]),
                    new java.io.FilterInputStream(InputStream.nullInputStream()) {
                        @Override
                        public int read(byte[] b, int off, int len) throws IOException {
                            throw broken;
                        }
                    });
            assertThatThrownBy(() -> writer.content(bad, failing)).isSameAs(broken);
            assertThat(writer.offer(good)).isTrue();
            writer.content(good, new ByteArrayInputStream(new byte[10]));
            assertThat(writer.offer(never)).isTrue();
            root = writer.finish().root();
        }
        assertThat(read(root).paths()).containsExactly(EntryPath.of("good"));
        assertClean(root);
    }

    private static MemoryTree fingerprinted(MemoryTree tree) {
        MemoryTree out = tree.copy();
        for (EntryPath path : tree.paths()) {
            Entry entry = tree.get(path);
            if (entry.isFile() && entry.size().orElse(0) < 1 << 20) {
                out.add(entry.withFingerprint(Optional.of("fp-" + path.hashCode())), tree.content(path));
            }
        }
        return out;
    }

    @Test
    void parent_whatHasNotChangedIsNotWanted() throws IOException {
        MemoryTree tree = fingerprinted(MemoryTree.ofEverything(true));
        ArchiveRoot first = write(tree, Optional.empty());
        MemoryTree next = tree.copy();
        EntryPath changed = EntryPath.of("dir.file");
        next.add(next.get(changed).withFingerprint(Optional.of("other")), MemoryTree.random(77, 511));
        next.add(Entry.file(EntryPath.of("dir/new"), 0, MemoryTree.attributes(0644)), MemoryTree.random(78, 100));
        next.remove(EntryPath.of("pipe"));
        ArchiveRoot second = write(next, Optional.of(first));
        assertThat(next.sent()).contains(changed, EntryPath.of("dir/new")).hasSizeLessThan(6);
        assertThat(read(second).lines()).isEqualTo(next.lines());
        assertThat(read(first).lines()).isEqualTo(tree.lines());
        ArchiveRoot third = write(next, Optional.of(second));
        assertThat(read(third).lines()).isEqualTo(next.lines());
        assertClean(first, second, third);
    }

    @Test
    void reader_opensOneFile() throws IOException {
        MemoryTree tree = MemoryTree.ofEverything(true);
        ArchiveRoot root = write(tree, Optional.empty());
        try (ArchiveReader reader = format.read(context, root)) {
            try (InputStream in = reader.open(EntryPath.of("dir/setuid"))) {
                assertThat(in.readAllBytes()).isEqualTo(tree.content(EntryPath.of("dir/setuid")));
            }
            try (InputStream in = reader.open(EntryPath.of("link2"))) {
                assertThat(in.readAllBytes()).isEqualTo(tree.content(EntryPath.of("dir/setuid")));
            }
            assertThatThrownBy(() -> reader.open(EntryPath.of("none"))).isInstanceOf(FileNotFoundException.class);
            assertThatThrownBy(() -> reader.open(EntryPath.of("dir"))).isInstanceOf(FileNotFoundException.class);
        }
    }

    @Test
    void reader_sendsOnlyWhatIsChosen_andPromotesLinks() throws IOException {
        MemoryTree tree = MemoryTree.ofEverything(true);
        ArchiveRoot root = write(tree, Optional.empty());
        MemoryTree chosen = new MemoryTree();
        try (ArchiveReader reader = format.read(context, root);
                RestoreTarget.Session session = chosen.begin(RestoreRequest.plain())) {
            reader.sendTo(session, entry -> entry.path().toString().startsWith("link"));
            session.commit();
        }
        assertThat(chosen.paths()).containsExactly(EntryPath.of("link-to-hello"), EntryPath.of("link2"));
        assertThat(chosen.content(EntryPath.of("link-to-hello"))).isEqualTo(tree.content(EntryPath.of("hello")));
        assertThat(chosen.content(EntryPath.of("link2"))).isEqualTo(tree.content(EntryPath.of("dir/setuid")));
    }

    @Test
    void unfinished_archiveDoesNotCount() throws IOException {
        MemoryTree tree = MemoryTree.ofEverything(false);
        String name = name();
        try (ArchiveWriter writer = format.write(context, name, Optional.empty())) {
            tree.sendTo(writer);
        }
        assertThatThrownBy(() -> format.read(context, new ArchiveRoot(format.id(), name)))
                .isInstanceOf(IOException.class);
    }

    /**
     * Every object, damaged in every way: reading fails or gives just what was written, and verify names the damage,
     * or there is none.
     */
    @Test
    void integrity_damageIsNeverPassedOn() throws IOException {
        MemoryTree first = fingerprinted(MemoryTree.ofEverything(true));
        ArchiveRoot one = write(first, Optional.empty());
        MemoryTree next = first.copy();
        next.add(Entry.file(EntryPath.of("dir/new"), 0, MemoryTree.attributes(0644)), MemoryTree.random(78, 100_000));
        ArchiveRoot two = write(next, Optional.of(one));
        List<ObjectKey> keys = new ArrayList<>();
        storage.list("", object -> keys.add(object.key()));
        Random random = new Random(42);
        for (ObjectKey key : keys) {
            for (int kind = 0; kind < 6; kind++) {
                MemoryStorage damaged = storage.copy();
                damage(damaged, key, kind, random);
                String what = key + " damage " + kind;
                List<Damage> damages = new ArrayList<>();
                format.verify(context(damaged), List.of(one, two), ArchiveFormat.Depth.allData(), damages::add);
                if (damages.isEmpty()) {
                    // Then the object is one that the others make up for.
                    assertThat(read(context(damaged), one).lines()).as(what).isEqualTo(first.lines());
                    assertThat(read(context(damaged), two).lines()).as(what).isEqualTo(next.lines());
                }
                assertRightOrRefused(damaged, one, first, what);
                assertRightOrRefused(damaged, two, next, what);
                damaged.checkAllClosed();
            }
        }
    }

    private static void damage(MemoryStorage damaged, ObjectKey key, int kind, Random random) throws IOException {
        byte[] bytes = damaged.bytes(key);
        switch (kind) {
            case 0 -> damaged.delete(List.of(key));
            case 1 -> damaged.damage(key, Arrays.copyOf(bytes, bytes.length / 2));
            case 2 -> {
                Arrays.fill(bytes, bytes.length / 3, bytes.length / 2, (byte) 0);
                damaged.damage(key, bytes);
            }
            case 3 -> {
                // Not in the seek table at the end, which we do not read.
                bytes[random.nextInt(Math.max(1, bytes.length - 40))] ^= (byte) (1 << random.nextInt(8));
                damaged.damage(key, bytes);
            }
            case 4 -> damaged.damage(key, new byte[0]);
            default -> {
                List<ObjectInfo> others = new ArrayList<>();
                damaged.list("", object -> {
                    if (!object.key().equals(key) && extension(object.key()).equals(extension(key))) {
                        others.add(object);
                    }
                });
                damaged.damage(key, damaged.bytes(others.get(0).key()));
            }
        }
    }

    private static String extension(ObjectKey key) {
        String last = key.lastSegment();
        return last.indexOf('.') < 0 ? "" : last.substring(last.indexOf('.'));
    }

    private void assertRightOrRefused(MemoryStorage damaged, ArchiveRoot root, MemoryTree written, String what) {
        MemoryTree back;
        try {
            back = read(context(damaged), root);
        } catch (DamagedException e) {
            return;
        } catch (IOException e) {
            throw new AssertionError(what + ": not told as damage", e);
        }
        List<String> expected = written.lines();
        assertThat(expected).as(what).containsAll(back.lines());
        // One problem a file, or one for many neighbours.
        assertThat(back.lines().size() == expected.size() || !back.problems().isEmpty())
                .as(what)
                .isTrue();
    }
}
