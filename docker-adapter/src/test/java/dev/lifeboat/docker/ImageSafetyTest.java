package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Restore;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.snapshot.Snapshot;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An image that is not whole never takes a name, and leaves nothing. */
@Tag("docker")
class ImageSafetyTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private enum Fault {
        /** A layer has other content than its digest says. */
        GARBAGE,
        /** A layer is cut off in the middle. */
        SHORT,
        /** A layer is not in the snapshot. */
        MISSING
    }

    /** An image with one layer of its own over that of busybox. */
    private String image(String content) throws Exception {
        String name = engine.name("image") + ":1";
        String base = engine.name("base");
        run("run", "--name", base, EngineFixture.BUSYBOX, "sh", "-c", content);
        // Podman 4 wants a comment.
        run("commit", "-m", "made", base, name);
        run("rm", base);
        engine.later("docker image rm -f " + name + " >/dev/null 2>&1 || true");
        return name;
    }

    private static String images() {
        return run("image", "ls", "-a", "--no-trunc", "--format", "{{.ID}} {{.Repository}} {{.Tag}}")
                .lines()
                .sorted()
                .toList()
                .toString();
    }

    /** A source whose layers above the first, which are short, go wrong on their way. */
    private static SnapshotSource faulty(SnapshotSource source, Fault fault) {
        return new SnapshotSource() {
            @Override
            public String name() throws IOException {
                return source.name();
            }

            @Override
            public void sendTo(EntrySink sink) throws IOException {
                source.sendTo(new EntrySink() {
                    @Override
                    public boolean offer(Entry entry) throws IOException {
                        return sink.offer(entry);
                    }

                    @Override
                    public void content(Entry entry, InputStream in) throws IOException {
                        byte[] content = in.readAllBytes();
                        boolean document = content.length > 0 && content[0] == '{';
                        boolean layer = !document
                                && content.length < 200_000
                                && entry.path().toString().contains("blobs");
                        if (!layer) {
                            sink.content(entry, new ByteArrayInputStream(content));
                        } else if (fault == Fault.GARBAGE) {
                            new Random(7).nextBytes(content);
                            sink.content(entry, new ByteArrayInputStream(content));
                        } else if (fault == Fault.SHORT) {
                            sink.content(
                                    entry.withSize(content.length / 2),
                                    new ByteArrayInputStream(content, 0, content.length / 2));
                        }
                    }

                    @Override
                    public void report(Problem problem) throws IOException {
                        sink.report(problem);
                    }
                });
            }
        };
    }

    @Ability("an image that is not whole takes no name")
    @ParameterizedTest
    @EnumSource
    void faultyImage_isRefused_andLeavesNothing(Fault fault) throws Exception {
        String before = images();
        String image = image("head -c 20000 /dev/urandom > /random");
        Snapshot snapshot = repository.backup(faulty(repository.docker().image(image), fault));
        run("image", "rm", image);
        assertThat(images()).isEqualTo(before);
        assertThatThrownBy(() -> repository
                        .get()
                        .restore(snapshot)
                        .to(repository.docker().images())
                        .run())
                .isInstanceOf(BackupException.TargetFailed.class);
        assertThat(images()).isEqualTo(before);
    }

    @Test
    void nameOfAnotherImage_isNotMoved() throws Exception {
        String image = image("echo one > /one");
        Snapshot snapshot = repository.backup(repository.docker().image(image));
        String first = EngineFixture.inspect(image, "{{.Id}}");
        run("image", "rm", image);
        image("echo two > /two");
        String second = EngineFixture.inspect(image, "{{.Id}}");
        Restore.Restored restored = repository
                .get()
                .restore(snapshot)
                .to(repository.docker().images())
                .run();
        assertThat(EngineFixture.inspect(image, "{{.Id}}")).isEqualTo(second);
        assertThat(restored.problems())
                .anyMatch(p -> p.kind() == Problem.Kind.DEGRADED && p.detail().contains("is not moved"));
        assertThat(EngineFixture.inspect(first, "{{.Id}}")).isEqualTo(first);
        run("image", "rm", first);
    }
}
