package dev.lifeboat.docker;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Execs;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.time.Instant;
import java.util.List;

/**
 * Captures what a command in a running container prints, such as the dump of a database: its standard output, as the
 * file {@code exec/output} of the snapshot. The backup fails if the exit code is not 0; the message has the last part
 * of standard error. The command is part of the snapshot, so it must hold no secret unless the repository is encrypted.
 *
 * <p>All of the output is read at each backup; what is stored already is not stored again. Immutable. Each method that
 * changes something returns a copy.
 */
@CheckReturnValue
public final class CommandSource implements SnapshotSource {
    private final EngineClient client;
    private final String container;
    private final List<String> words;
    private final String user;

    CommandSource(EngineClient client, String container, List<String> words, String user) {
        this.client = client;
        this.container = container;
        this.words = List.copyOf(words);
        this.user = user;
    }

    /** Sets the user that runs the command, by name or id; that of the container unless set. */
    public CommandSource asUser(String newUser) {
        return new CommandSource(client, container, words, newUser);
    }

    /** Returns {@code exec:}, the name of the container, and the program. */
    @Override
    public String name() throws IOException {
        return "exec:" + new Containers(client).inspect(container).name() + ":" + words.get(0);
    }

    @Override
    public void sendTo(EntrySink target) throws IOException {
        ContainerSpec inspect = new Containers(client).inspect(container);
        Instant begun = Instant.now();
        FidelityRecorder sink = new FidelityRecorder(target);
        JsonObject document = JsonObject.create()
                .put("lifeboat", "command")
                .put("version", 1)
                .put("container", inspect.name())
                .put("words", words)
                .put("user", user);
        SnapshotDocuments.directory(sink, SnapshotLayout.OUTPUT.parent());
        SnapshotDocuments.send(sink, SnapshotLayout.COMMAND, document.toPrettyBytes());
        Entry output = Entry.fileOfUnknownSize(SnapshotLayout.OUTPUT, SnapshotDocuments.attributes(0600));
        if (sink.offer(output)) {
            send(sink, output, inspect);
        }
        sink.offerDocuments();
        sink.sendDocuments(JsonObject.create()
                .put("lifeboat", "app")
                .put("version", 1)
                .put("kind", "command")
                .put("name", inspect.name())
                .put("engine", client.info().version())
                .put("begun", begun.toString())
                .put("ended", Instant.now().toString()));
    }

    private void send(EntrySink sink, Entry output, ContainerSpec inspect) throws IOException {
        try (Execs.Running running = new Execs(client).start(inspect.id(), inspect.name(), words, user, null)) {
            sink.content(output, running.output());
            long exitCode = running.exitCode();
            if (exitCode != 0) {
                throw new DockerException(
                        DockerException.Kind.REFUSED,
                        "'" + String.join(" ", words) + "' in container " + inspect.name() + " ended with exit code "
                                + exitCode + ": " + running.errors());
            }
        }
    }

    @Override
    public String toString() {
        return "exec:" + container + ":" + words.get(0);
    }
}
