package dev.lifeboat.docker;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.docker.internal.capture.ContainerCapture;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.quiesce.QuiescedContainer;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;

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
    private final String container;
    private final ContainerCapture.Options options;

    ContainerSource(EngineClient client, QuiesceJournal journal, String container) {
        this(client, journal, container, new ContainerCapture.Options(Quiesce.NONE, false, true));
    }

    private ContainerSource(
            EngineClient client, QuiesceJournal journal, String container, ContainerCapture.Options options) {
        this.client = client;
        this.journal = journal;
        this.container = container;
        this.options = options;
    }

    private ContainerSource with(ContainerCapture.Options newOptions) {
        return new ContainerSource(client, journal, container, newOptions);
    }

    /** Sets how the container is quiesced; {@link Quiesce#NONE} unless set. */
    public ContainerSource quiesce(Quiesce quiesce) {
        return with(new ContainerCapture.Options(quiesce, options.bindMounts(), options.image()));
    }

    /** Also captures the content of bind mounts. */
    public ContainerSource withBindMounts() {
        return with(new ContainerCapture.Options(options.quiesce(), true, options.image()));
    }

    /** Does not capture the image. A restore then needs an engine that has it. */
    public ContainerSource withoutImage() {
        return with(new ContainerCapture.Options(options.quiesce(), options.bindMounts(), false));
    }

    /** Returns {@code container:} and the name, which stays the same when the container is recreated. */
    @Override
    public String name() throws IOException {
        return "container:" + new Containers(client).inspect(container).name();
    }

    @Override
    public QuiesceHandle quiesce() throws IOException {
        return QuiescedContainer.begin(client, journal, container, options.quiesce())
                .handle();
    }

    /** {@inheritDoc} The image is sent before the container is quiesced, since it does not change. */
    @Override
    public void sendTo(EntrySink sink, QuiesceHandle.Holder holder) throws IOException {
        capture(options).sendTo(sink, holder);
    }

    @Override
    public void sendTo(EntrySink sink) throws IOException {
        capture(new ContainerCapture.Options(Quiesce.NONE, options.bindMounts(), options.image()))
                .sendTo(sink, handle -> {});
    }

    private ContainerCapture capture(ContainerCapture.Options with) throws IOException {
        return new ContainerCapture(client, journal, new Containers(client).inspect(container), with);
    }

    @Override
    public String toString() {
        return "container:" + container;
    }
}
