package dev.lifeboat.docker;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.docker.internal.capture.ApplicationCapture;
import dev.lifeboat.docker.internal.capture.CaptureOptions;
import dev.lifeboat.docker.internal.capture.Selection;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntrySource;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.util.Optional;

/**
 * Captures a container: its image, writable layer, volumes, configuration and networks, and the content of its bind
 * mounts if {@link #withBindMounts} is called. State in memory (tmpfs, processes) and logs are not captured.
 *
 * <p>If this process can see the engine's files, data is read from the host, which keeps everything. Otherwise it is
 * read through the engine's API, which loses some metadata. {@code lifeboat/fidelity.json} in the snapshot records how
 * data was read, and what was lost.
 *
 * <p>The environment of the container, and the secrets in it, are part of the snapshot.
 *
 * <p>A container or volume that is removed while it is read fails the backup.
 *
 * <p>Immutable. Each method that changes something returns a copy.
 */
@CheckReturnValue
public final class ContainerSource implements SnapshotSource {
    private final EngineClient client;
    private final QuiesceJournal journal;
    private final Selection selection;
    private final CaptureOptions options;

    ContainerSource(EngineClient client, QuiesceJournal journal, String container) {
        this(client, journal, Selection.container(container), CaptureOptions.ofContainer());
    }

    private ContainerSource(EngineClient client, QuiesceJournal journal, Selection selection, CaptureOptions options) {
        this.client = client;
        this.journal = journal;
        this.selection = selection;
        this.options = options;
    }

    private ContainerSource with(CaptureOptions newOptions) {
        return new ContainerSource(client, journal, selection, newOptions);
    }

    /** Sets how the container is quiesced; {@link Quiesce#none} unless set. */
    public ContainerSource quiesce(Quiesce quiesce) {
        return with(options.withQuiesce(quiesce));
    }

    /** Also captures the content of bind mounts. */
    public ContainerSource withBindMounts() {
        return with(options.withBindMounts());
    }

    /** Does not capture the image. A restore then needs an engine that has it. */
    public ContainerSource withoutImage() {
        return with(options.withoutImages());
    }

    /**
     * Reads everything once, while the container is quiesced. Unless this is called, what can be read from the host is
     * read before that, and then only what has changed: it is quiesced for less time, and what has changed is read
     * twice.
     */
    public ContainerSource withoutPreCopy() {
        return with(options.withoutPreCopy());
    }

    /** Returns {@code container:} and the name, which stays the same when the container is recreated. */
    @Override
    public String name() throws IOException {
        return selection.series(client);
    }

    /** {@inheritDoc} That is what is read from the host, unless {@link #withoutPreCopy} is called. */
    @Override
    public Optional<EntrySource> preCopy() throws IOException {
        return new ApplicationCapture(client, journal, selection.find(client), options).preCopy();
    }

    @Override
    public QuiesceHandle quiesce() throws IOException {
        return ApplicationCapture.quiesce(client, journal, selection.find(client), options);
    }

    /** {@inheritDoc} The image is sent before the container is quiesced, since it does not change. */
    @Override
    public void sendTo(EntrySink sink, QuiesceHandle.Holder holder) throws IOException {
        new ApplicationCapture(client, journal, selection.find(client), options).sendTo(sink, holder);
    }

    @Override
    public void sendTo(EntrySink sink) throws IOException {
        CaptureOptions unquiesced = options.withQuiesce(Quiesce.none());
        new ApplicationCapture(client, journal, selection.find(client), unquiesced).sendTo(sink, handle -> {});
    }

    @Override
    public String toString() {
        return selection.toString();
    }
}
