package dev.lifeboat.internal.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.format.FormatContext;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.Directory;
import dev.lifeboat.internal.pack.PackInfo;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ForwardingStorageTarget;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An index of very many chunks, in a process that may have 256 MB of heap. */
@Timeout(1800)
class LargeIndexTest {
    @RegisterExtension
    final ScratchDir scratch = new ScratchDir();

    @Test
    void twoMillionChunks() throws Exception {
        run(2_000_000);
    }

    @Test
    @Tag("large")
    void soManyChunks() throws Exception {
        run(Integer.getInteger("lifeboat.chunks", 10_000_000));
    }

    private void run(int count) throws Exception {
        Path dir = scratch.path();
        String said = ChildJvm.run(
                Worker.class, "256m", dir, 1500, dir.resolve("repository").toString(), "" + count);
        System.out.println(said);
        assertThat(said).contains("done");
        try (var left = Files.list(dir)) {
            assertThat(left.map(p -> p.getFileName().toString())).noneMatch(name -> name.endsWith(".tmp"));
        }
    }

    /** What runs in a process of its own. */
    static final class Worker {
        private static long start = System.nanoTime();

        private Worker() {}

        public static void main(String[] args) throws IOException {
            index(Path.of(args[0]), Integer.parseInt(args[1]));
            say("done");
        }

        private static void say(String what) {
            Runtime runtime = Runtime.getRuntime();
            System.gc();
            System.out.printf(
                    Locale.ROOT,
                    "%s: %.1f s, %d MB on the heap%n",
                    what,
                    (System.nanoTime() - start) / 1e9,
                    (runtime.totalMemory() - runtime.freeMemory()) >> 20);
            start = System.nanoTime();
        }

        private static void check(boolean condition, String what) {
            if (!condition) {
                throw new AssertionError(what);
            }
        }

        private static final int CHUNKS_A_PACK = 24;
        private static final int STORED = 600_000;

        private static byte[] bytes(long seed, int length) {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            return bytes;
        }

        private static Directory directory(int pack) throws IOException {
            ByteBuffer out = ByteBuffer.allocate(16 + 2 + 80 + 4 + CHUNKS_A_PACK * 45);
            // Its keys, as long as they are in an encrypted repository.
            out.put(bytes(~(long) pack, 16)).put((byte) 1).put((byte) 80).put(bytes(pack, 80));
            out.putInt(CHUNKS_A_PACK);
            for (int i = 0; i < CHUNKS_A_PACK; i++) {
                out.put((byte) 1).put(name(pack, i).bytes());
                out.putInt(200 + i * STORED).putInt(STORED - i).putInt(1_000_000 + i);
            }
            return Directory.read(out.flip());
        }

        private static ChunkName name(int pack, int i) {
            return ChunkName.of(bytes((long) pack * CHUNKS_A_PACK + i, 32));
        }

        /** Keeps index objects as files, and lists packs that are not there, but would be as many. */
        private static final class ManyPacks extends ForwardingStorageTarget {
            private final Path dir;
            private final int packs;

            ManyPacks(Path dir, int packs) {
                super(new MemoryStorage());
                this.dir = dir;
                this.packs = packs;
            }

            @Override
            public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
                try (InputStream in = content.open()) {
                    long length = Files.copy(in, dir.resolve(key.lastSegment()));
                    return new ObjectInfo(key, length, Instant.EPOCH);
                }
            }

            @Override
            public InputStream open(ObjectKey key, ByteRange range) throws IOException {
                return Files.newInputStream(dir.resolve(key.lastSegment()));
            }

            @Override
            public void list(String prefix, Visitor visitor) throws IOException {
                if (!prefix.equals(RepositoryLayout.PACKS)) {
                    try (var files = Files.list(dir)) {
                        for (Path file : (Iterable<Path>) files::iterator) {
                            ObjectKey key = new ObjectKey(prefix + file.getFileName());
                            visitor.visit(new ObjectInfo(key, Files.size(file), Instant.EPOCH));
                        }
                    }
                    return;
                }
                for (int pack = 0; pack < packs; pack++) {
                    String id = HexFormat.of().formatHex(bytes(~(long) pack, 16));
                    visitor.visit(new ObjectInfo(PackInfo.key(id), 16_000_000, Instant.EPOCH));
                }
            }
        }

        private static void index(Path repository, int chunks) throws IOException {
            int packs = chunks / CHUNKS_A_PACK;
            ManyPacks storage = new ManyPacks(Files.createDirectories(repository), packs);
            FormatContext context = FormatContext.of(storage, Runnable::run, 1);
            List<Directory> batch = new ArrayList<>();
            for (int pack = 0; pack < packs; pack++) {
                batch.add(directory(pack));
                if (batch.size() == 5000 || pack == packs - 1) {
                    IndexFile.put(context, batch);
                    batch.clear();
                }
            }
            say("written: " + chunks + " chunks in " + packs + " packs");
            ChunkIndex index = ChunkIndex.fresh();
            ChunkIndex.Listing listing = index.refresh(context);
            check(listing.damaged().isEmpty() && listing.count() == packs, "damaged or missing");
            check(index.size() == packs * CHUNKS_A_PACK, "entries: " + index.size());
            say("read");
            SplittableRandom random = new SplittableRandom(1);
            int lookups = 1_000_000;
            for (int k = 0; k < lookups; k++) {
                int pack = random.nextInt(packs);
                int i = random.nextInt(CHUNKS_A_PACK);
                ChunkIndex.Place place = index.findGood(name(pack, i)).orElseThrow();
                check(
                        place.offset() == 200 + i * STORED
                                && place.storedLength() == STORED - i
                                && place.plainLength() == 1_000_000 + i
                                && Arrays.equals(
                                        HexFormat.of().parseHex(place.pack().id()), bytes(~(long) pack, 16)),
                        "found elsewhere");
                check(index.find(name(packs + pack, i)).isEmpty(), "found what is not there");
            }
            say(2 * lookups + " looked up");
        }
    }
}
