package dev.lifeboat.docker.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.testkit.RequiresRoot;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bind mounts are written where they belong, whatever a snapshot says, and as a whole or not at all. */
@RequiresRoot
class PathWriterTest {
    private static final Attributes PLAIN = Attributes.of(0644, 0, 0, Instant.EPOCH);

    @TempDir
    Path host;

    private PathWriter writer;

    @BeforeEach
    void create() throws IOException {
        Files.createDirectories(host.resolve("srv/prod"));
        Files.writeString(host.resolve("srv/prod/db.conf"), "production");
        writer = new PathWriter(
                Map.of("/data", host.resolve("srv/copy").toString(), "/nested", host + "/srv/copy/sub/file"),
                RestoreRequest.plain());
        bind("0", "/data");
    }

    private void bind(String number, String source) throws IOException {
        send(
                "paths/" + number + "/bind.json",
                "{\"Type\":\"bind\",\"Source\":\"" + source + "\",\"Destination\":\"/x\",\"RW\":true}");
    }

    private boolean send(String path, String content) throws IOException {
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        Entry entry = Entry.file(EntryPath.of(path), bytes.length, PLAIN);
        boolean wanted = writer.offer(SnapshotLayout.parse(entry.path()), entry);
        if (wanted) {
            writer.content(SnapshotLayout.parse(entry.path()), entry, new ByteArrayInputStream(bytes));
        }
        return wanted;
    }

    private void directory(String path) throws IOException {
        Entry entry = Entry.directory(EntryPath.of(path), PLAIN);
        writer.offer(SnapshotLayout.parse(entry.path()), entry);
    }

    private void nothingIsLeft() throws IOException {
        writer.undo();
        try (Stream<Path> left = Files.list(host.resolve("srv"))) {
            assertThat(left).containsExactly(host.resolve("srv/prod"));
        }
        assertThat(Files.readString(host.resolve("srv/prod/db.conf"))).isEqualTo("production");
    }

    @Test
    void directory_isThereOnceItIsWhole() throws IOException {
        directory("paths/0/data");
        directory("paths/0/data/sub");
        assertThat(send("paths/0/data/sub/file", "content")).isTrue();
        assertThat(Files.exists(host.resolve("srv/copy"))).isFalse();
        writer.finish();
        assertThat(Files.readString(host.resolve("srv/copy/sub/file"))).isEqualTo("content");
        bind("1", "/nested");
        assertThat(send("paths/1/data", "again"))
                .as("it is there as a part of the directory above")
                .isFalse();
        writer.finish();
        assertThat(Files.readString(host.resolve("srv/copy/sub/file"))).isEqualTo("content");
        nothingIsLeft();
    }

    @Test
    void file_isWritten_andNothingBelowIt() throws IOException {
        assertThat(send("paths/0/data", "content")).isTrue();
        assertThatThrownBy(() -> send("paths/0/data/prod/db.conf", "evil")).isInstanceOf(IOException.class);
        nothingIsLeft();
    }

    @Test
    void entriesWithoutTheirRoot_areRefused() throws IOException {
        assertThatThrownBy(() -> send("paths/0/data/prod/db.conf", "evil")).isInstanceOf(IOException.class);
        nothingIsLeft();
    }

    @Test
    void pathThatIsThere_isNotTouched() throws IOException {
        Files.writeString(host.resolve("srv/copy"), "another's");
        assertThatThrownBy(() -> send("paths/0/data", "content")).hasMessageContaining("created by another");
        assertThat(Files.readString(host.resolve("srv/copy"))).isEqualTo("another's");
    }

    @Test
    void pathThatIsNotPlanned_isNotWritten() throws IOException {
        bind("2", "/etc");
        assertThat(send("paths/2/data", "evil")).isFalse();
        nothingIsLeft();
    }
}
