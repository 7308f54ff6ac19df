package dev.lifeboat.archives;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.format.tar.TarExport;
import dev.lifeboat.format.tar.TarSource;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Archives with random damage are read or refused, and nothing else: no other exception, no more content than the
 * limit. {@code -Dlifeboat.fuzz=1000000} reads a million of each kind; 150,000 are a million of all.
 */
class FuzzTest {
    private static final int INPUTS = Integer.getInteger("lifeboat.fuzz", 500);
    private static final long LIMIT = 1 << 20;

    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    /** Takes all content, and counts it. */
    private static final class CountingSink implements EntrySink {
        private long bytes;

        @Override
        public boolean offer(Entry entry) {
            return entry.isFile();
        }

        @Override
        public void content(Entry entry, InputStream in) throws IOException {
            byte[] buffer = new byte[8192];
            for (int n; (n = in.read(buffer)) >= 0; ) {
                bytes += n;
            }
        }

        @Override
        public void report(Problem problem) {}
    }

    private static MemoryTree tree() {
        MemoryTree tree = new MemoryTree();
        for (int i = 0; i < 5; i++) {
            Entry entry = Entry.file(EntryPath.of("file" + i), 700L * i, MemoryTree.attributes(0644));
            tree.add(entry, MemoryTree.random(i, 700 * i));
        }
        return tree.add(Entry.symlink(EntryPath.of("link"), ByteString.utf8("file1"), MemoryTree.attributes(0777)));
    }

    private byte[] exported(RestoreTarget target, Path file) throws IOException {
        try (RestoreTarget.Session session = target.begin(RestoreRequest.plain())) {
            tree().sendTo(session);
            session.commit();
        }
        return Files.readAllBytes(file);
    }

    private void fuzz(byte[] good, SnapshotSource source, Path file) throws IOException {
        Random random = new Random(42);
        int refused = 0;
        for (int i = 0; i < INPUTS; i++) {
            byte[] bytes = mutated(good, random);
            Files.write(file, bytes);
            CountingSink sink = new CountingSink();
            try {
                source.sendTo(sink);
            } catch (IOException e) {
                refused++;
                assertThat(e.getMessage()).isNotNull();
            } catch (RuntimeException | Error e) {
                throw new AssertionError("input " + i + " of seed 42", e);
            }
            assertThat(sink.bytes).isLessThanOrEqualTo(LIMIT);
        }
        assertThat(refused).isGreaterThan(INPUTS / 10);
    }

    private static byte[] mutated(byte[] good, Random random) {
        byte[] bytes = good.clone();
        switch (random.nextInt(4)) {
            case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 1 -> {
                int from = random.nextInt(bytes.length);
                byte[] piece = Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + random.nextInt(64)));
                System.arraycopy(piece, 0, bytes, random.nextInt(bytes.length - piece.length + 1), piece.length);
            }
            default -> {
                for (int n = 1 + random.nextInt(8); n > 0; n--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
            }
        }
        return bytes;
    }

    @Test
    void zips() throws IOException {
        Path file = dir.resolve("file.zip");
        fuzz(exported(ZipExport.to(file), file), ZipSource.of(file).limit(LIMIT), file);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "gzip", "zstd", "bzip2", "xz", "lz4"})
    void tars(String compression) throws IOException {
        Path file = dir.resolve("file.tar");
        TarExport export = TarExport.to(file);
        byte[] good = exported(compression.isEmpty() ? export : export.compressed(compression), file);
        fuzz(good, TarSource.of(file).limit(LIMIT), file);
    }
}
