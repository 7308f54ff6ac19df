package dev.lifeboat.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.Retention;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.internal.cache.CachedStorage;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is put around a store: it changes pace and cost, and nothing else. */
class DecoratorsTest {
    private static final ObjectKey KEY = new ObjectKey("packs/ab/abcd");

    @RegisterExtension
    final ScratchDir scratch = new ScratchDir();

    private final MemoryStorage memory = new MemoryStorage();

    private static byte[] read(StorageTarget storage, ObjectKey key, ByteRange range) throws IOException {
        try (InputStream in = storage.open(key, range)) {
            return in.readAllBytes();
        }
    }

    /** The time is a lower bound, so a slow machine does not matter. */
    @Test
    void throttle_takesItsTimeBothWays() throws IOException {
        StorageTarget slow = ThrottledStorage.of(memory, 1_000_000, 2_000_000);
        byte[] content = MemoryTree.random(1, 500_000);
        long start = System.nanoTime();
        slow.put(KEY, Content.of(content), PutCondition.ALWAYS);
        long up = System.nanoTime() - start;
        assertThat(read(slow, KEY, ByteRange.all())).isEqualTo(content);
        long down = System.nanoTime() - start - up;
        assertThat(Duration.ofNanos(up)).isGreaterThan(Duration.ofMillis(450));
        assertThat(Duration.ofNanos(down)).isGreaterThan(Duration.ofMillis(200));
        assertThatThrownBy(() -> ThrottledStorage.of(memory, 0, 1 << 20)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void throttle_isShared_andInterruptible() throws Exception {
        StorageTarget slow = ThrottledStorage.of(memory, 400_000, Long.MAX_VALUE);
        long start = System.nanoTime();
        Thread[] threads = new Thread[4];
        for (int i = 0; i < threads.length; i++) {
            ObjectKey key = new ObjectKey("k" + i);
            threads[i] = new Thread(() -> {
                try {
                    slow.put(key, Content.of(new byte[50_000]), PutCondition.ALWAYS);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(450));
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> slow.put(KEY, Content.of(new byte[50_000]), PutCondition.ALWAYS))
                .isInstanceOf(java.io.InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    private static MemoryTree tree(int version) {
        MemoryTree tree = new MemoryTree();
        for (int i = 0; i < 3000; i++) {
            int content = i == 1500 ? version : i;
            tree.add(
                    Entry.file(
                                    EntryPath.of(String.format("dir%02d/file%04d", i / 100, i)),
                                    0,
                                    MemoryTree.attributes(0644))
                            .withFingerprint(Optional.of("v" + content)),
                    MemoryTree.random(content, 200));
        }
        return tree;
    }

    private long gets(MemoryTree tree, Path cache) {
        CountingStorage counted = CountingStorage.of(memory);
        try (Repository repo = Repository.at(counted)
                .cache(cache, 8 << 20)
                .encryption(Encryption.none())
                .openOrCreate()) {
            Snapshot snapshot = repo.backup(tree).run();
            MemoryTree back = new MemoryTree();
            repo.restore(snapshot)
                    .only(entry -> entry.path().equals(EntryPath.of("dir20/file2001")))
                    .to(back)
                    .run();
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
        return counted.calls().gets();
    }

    private static void forEach(Path cache, Act act) throws IOException {
        try (Stream<Path> files = Files.list(cache)) {
            for (Path file : files.toList()) {
                act.on(file);
            }
        }
    }

    private interface Act {
        void on(Path file) throws IOException;
    }

    /** It saves reads; it may be damaged, emptied, removed or replaced by a file, and only the store notices. */
    @Test
    void cache_savesReads_andMayVanish() throws IOException {
        Path cache = scratch.path().resolve("cache");
        gets(tree(0), cache);
        long cold = gets(tree(0), scratch.path().resolve("other"));
        long warm = gets(tree(0), cache);
        assertThat(warm).isLessThan(cold);
        forEach(cache, file -> {
            byte[] bytes = Files.readAllBytes(file);
            bytes[bytes.length / 2] ^= 1;
            Files.write(file, bytes);
        });
        assertThat(gets(tree(0), cache)).isGreaterThan(warm);
        forEach(cache, file -> Files.write(file, new byte[3]));
        gets(tree(1), cache);
        forEach(cache, Files::delete);
        gets(tree(2), cache);
        forEach(cache, Files::delete);
        Files.delete(cache);
        gets(tree(3), cache);
        forEach(cache, Files::delete);
        Files.delete(cache);
        Files.write(cache, new byte[1]);
        gets(tree(4), cache);
    }

    private static void roundTrip(StorageTarget store, Encryption encryption, Path cache, int version) {
        try (Repository repo = Repository.at(store)
                .cache(cache, 8 << 20)
                .encryption(encryption)
                .openOrCreate()) {
            Snapshot snapshot = repo.backup(tree(version)).run();
            MemoryTree back = new MemoryTree();
            repo.restore(snapshot).to(back).run();
            assertThat(back.lines()).isEqualTo(tree(version).lines());
            repo.prune(Retention.keepLast(2)).run();
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }

    /** What is cached of a repository that was in the same place before. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cache_ofAnotherRepository_isOfNoUse_andDoesNoHarm(boolean encrypted) {
        Path cache = scratch.path().resolve("cache");
        List<MemoryStorage> stores = List.of(new MemoryStorage(), new MemoryStorage());
        assertThat(stores.get(0).location()).isEqualTo(stores.get(1).location());
        for (int version = 0; version < 3; version++) {
            for (int i = 0; i < stores.size(); i++) {
                String passphrase = "secret " + i;
                Encryption encryption = encrypted ? Encryption.passphrase(() -> passphrase) : Encryption.none();
                roundTrip(stores.get(i), encryption, cache, version * 10 + i);
            }
        }
    }

    /** Each of them as intact as before, but in the place of another. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cache_whosePiecesAreExchanged_doesNoHarm(boolean encrypted) throws IOException {
        Path cache = scratch.path().resolve("cache");
        Encryption encryption = encrypted ? Encryption.passphrase(() -> "secret") : Encryption.none();
        for (int version = 0; version < 3; version++) {
            roundTrip(memory, encryption, cache, version);
            List<Path> pieces = new ArrayList<>();
            forEach(cache, pieces::add);
            assertThat(pieces).hasSizeGreaterThan(2);
            byte[] first = Files.readAllBytes(pieces.get(0));
            for (int i = 0; i < pieces.size() - 1; i++) {
                Files.write(pieces.get(i), Files.readAllBytes(pieces.get(i + 1)));
            }
            Files.write(pieces.get(pieces.size() - 1), first);
        }
        roundTrip(memory, encryption, cache, 3);
    }

    @Test
    void cache_keepsToItsSize() throws IOException {
        Path cache = scratch.path().resolve("cache");
        memory.put(KEY, Content.of(MemoryTree.random(1, 20 << 20)), PutCondition.ALWAYS);
        CachedStorage cached = CachedStorage.of(memory, cache, 2 << 20);
        for (int i = 0; i < 100; i++) {
            byte[] part = read(cached, KEY, ByteRange.of(i * 150_000L, 150_000));
            assertThat(part).isEqualTo(read(memory, KEY, ByteRange.of(i * 150_000L, 150_000)));
        }
        long[] bytes = {0};
        forEach(cache, file -> bytes[0] += Files.size(file));
        assertThat(bytes[0]).isBetween(1L << 20, (2L << 20) * 12 / 10);
        // Past it go long stretches, and what changes.
        long before = bytes[0];
        read(cached, KEY, ByteRange.of(0, 10 << 20));
        memory.put(new ObjectKey("snapshots/a"), Content.of(new byte[9]), PutCondition.ALWAYS);
        read(cached, new ObjectKey("snapshots/a"), ByteRange.all());
        bytes[0] = 0;
        forEach(cache, file -> bytes[0] += Files.size(file));
        assertThat(bytes[0]).isEqualTo(before);
        memory.checkAllClosed();
    }

    /** A copy that was kept of something damaged is not given for ever. */
    @Test
    void cache_isReadAnewWhereTheStoreWasMended() throws IOException {
        byte[] good = MemoryTree.random(1, 1000);
        memory.put(KEY, Content.of(MemoryTree.random(2, 1000)), PutCondition.ALWAYS);
        CachedStorage cached = CachedStorage.of(memory, scratch.path().resolve("cache"), 2 << 20);
        read(cached, KEY, ByteRange.of(0, 1000));
        memory.damage(KEY, good);
        assertThat(read(cached, KEY, ByteRange.of(0, 1000))).isNotEqualTo(good);
        assertThat(cached.recover(KEY)).isTrue();
        assertThat(read(cached, KEY, ByteRange.of(0, 1000))).isEqualTo(good);
        cached.recover(KEY);
        assertThat(cached.recover(KEY)).isFalse();
    }

    @Test
    void calls_areCounted() throws IOException {
        CountingStorage counted = CountingStorage.of(memory);
        counted.put(KEY, Content.of(new byte[1]), PutCondition.ALWAYS);
        read(counted, KEY, ByteRange.all());
        counted.find(KEY);
        counted.list("", object -> assertThat(object.key()).isEqualTo(KEY));
        counted.delete(List.of(KEY));
        assertThat(counted.calls()).isEqualTo(new CountingStorage.Calls(1, 2, 1, 1));
    }
}
