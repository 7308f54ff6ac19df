package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.ScratchDir;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A process that ends in an orderly way while a source is quiesced resumes it first. */
@Timeout(120)
class ShutdownTest {
    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    /** Backs up a source that marks in files what happens to it: {@code <directory> <what>}. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws Exception {
            Path dir = Path.of(arguments[0]);
            String what = arguments[1];
            Repository repo = Repository.at(new MemoryStorage())
                    .encryption(Encryption.none())
                    .create();
            Job<Snapshot> job = repo.backup(new MarkingSource(dir, what)).start();
            var unused =
                    job.result().whenComplete((snapshot, failure) -> mark(dir, snapshot == null ? "failed" : "done"));
            if (what.equals("exit")) {
                await(dir.resolve("quiesced"));
                System.exit(3);
            }
        }
    }

    private record MarkingSource(Path dir, String what) implements SnapshotSource {
        @Override
        public String name() {
            return "marking";
        }

        @Override
        public QuiesceHandle quiesce() {
            mark(dir, "quiesced");
            return () -> mark(dir, "resumed");
        }

        @Override
        public void sendTo(EntrySink sink) throws IOException {
            if (what.equals("return")) {
                // Longer than main takes to return.
                sleep(500);
                Entry entry = Entry.file(EntryPath.of("file"), 1, MemoryTree.attributes(0644));
                if (sink.offer(entry)) {
                    sink.content(entry, new ByteArrayInputStream(new byte[1]));
                }
                return;
            }
            if (what.equals("error")) {
                throw new OutOfMemoryError("as if");
            }
            Entry entry = Entry.file(EntryPath.of("zeros"), Long.MAX_VALUE / 2, MemoryTree.attributes(0644));
            if (sink.offer(entry)) {
                sink.content(entry, InputStreams.endless());
            }
        }
    }

    private static final class InputStreams {
        static InputStream endless() {
            return new InputStream() {
                @Override
                public int read() {
                    return 0;
                }

                @Override
                public int read(byte[] b, int off, int len) {
                    return len;
                }
            };
        }
    }

    private static void mark(Path dir, String name) {
        try {
            Files.writeString(dir.resolve(name), "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void sleep(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static void await(Path file) throws IOException {
        while (!Files.exists(file)) {
            sleep(10);
        }
    }

    private int run(String what, boolean terminate) throws Exception {
        Path work = Files.createDirectories(dir.resolve(what));
        Process process = ChildJvm.start(Child.class, "96m", work.resolve("log"), work.toString(), what);
        try {
            if (terminate) {
                await(work.resolve("quiesced"));
                process.destroy();
            }
            assertThat(process.waitFor(60, TimeUnit.SECONDS))
                    .as(Files.readString(work.resolve("log")))
                    .isTrue();
            return process.exitValue();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void sigterm_resumesTheSource() throws Exception {
        assertThat(run("term", true)).isEqualTo(143);
        assertThat(dir.resolve("term/resumed")).exists();
    }

    @Test
    void exit_resumesTheSource() throws Exception {
        assertThat(run("exit", false)).isEqualTo(3);
        assertThat(dir.resolve("exit/resumed")).exists();
    }

    @Test
    void returningMain_letsTheJobFinish() throws Exception {
        assertThat(run("return", false)).isZero();
        assertThat(dir.resolve("return/resumed")).exists();
        assertThat(dir.resolve("return/done")).exists();
    }

    @Test
    void error_resumesTheSource() throws Exception {
        assertThat(run("error", false)).isZero();
        assertThat(dir.resolve("error/resumed")).exists();
        assertThat(dir.resolve("error/failed")).exists();
    }
}
