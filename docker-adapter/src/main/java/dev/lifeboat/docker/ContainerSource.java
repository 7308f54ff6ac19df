package dev.lifeboat.docker;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.quiesce.QuiesceHandle;
import java.io.IOException;

/**
 * A container: its image, its writable layer, its volumes, its configuration and networks; its bind mounts if asked. Left out: what is in
 * memory only (tmpfs, processes), and logs.
 *
 * <p>Data is read from the host where the engine runs in view of this process, which keeps everything; else through the engine's API,
 * which loses some metadata; which way it was, and what was lost, is in {@code lifeboat/fidelity.json} of the snapshot.
 *
 * <p>The environment of the container, with whatever secrets it holds, is part of the snapshot.
 *
 * <p>Immutable. Each call that changes something returns a copy.
 */
@CheckReturnValue
public final class ContainerSource implements SnapshotSource {
    private final EngineClient client;
    private final String container;
    private final Quiesce quiesce;
    private final boolean bindMounts;
    private final boolean image;

    ContainerSource(EngineClient client, String container) {
        this(client, container, Quiesce.NONE, false, true);
    }

    private ContainerSource(EngineClient client, String container, Quiesce quiesce, boolean bindMounts, boolean image) {
        this.client = client;
        this.container = container;
        this.quiesce = quiesce;
        this.bindMounts = bindMounts;
        this.image = image;
    }

    /** Says how it is brought to rest; {@link Quiesce#NONE} unless set. */
    public ContainerSource quiesce(Quiesce newQuiesce) {
        return new ContainerSource(client, container, newQuiesce, bindMounts, image);
    }

    /** Captures directories and files of the host that are mounted into the container, too. */
    public ContainerSource withBindMounts() {
        return new ContainerSource(client, container, quiesce, true, image);
    }

    /** Leaves the image out; a restore then needs an engine that has it. */
    public ContainerSource withoutImage() {
        return new ContainerSource(client, container, quiesce, bindMounts, false);
    }

    /** {@code container:} and the name; what survives that the container is created anew. */
    @Override
    public String name() throws IOException {
        return "container:" + nameOf(inspect(client, container));
    }

    @Override
    public QuiesceHandle quiesce() throws IOException {
        return ContainerRest.begin(client, inspect(client, container), quiesce);
    }

    /** {@inheritDoc} The image goes before the container is brought to rest, since it does not change. */
    @Override
    public void sendTo(EntrySink sink, QuiesceHandle.Holder keeper) throws IOException {
        new ContainerCapture(client, inspect(client, container), quiesce, bindMounts, image).sendTo(sink, keeper);
    }

    @Override
    public void sendTo(EntrySink sink) throws IOException {
        new ContainerCapture(client, inspect(client, container), Quiesce.NONE, bindMounts, image)
                .sendTo(sink, rest -> {});
    }

    static JsonObject inspect(EngineClient client, String nameOrId) throws IOException {
        return client.get("/containers/" + EngineClient.encode(nameOrId) + "/json", "inspect container " + nameOrId);
    }

    static String nameOf(JsonObject inspect) throws IOException {
        String name = inspect.string("Name");
        return name.startsWith("/") ? name.substring(1) : name;
    }

    @Override
    public String toString() {
        return "container:" + container;
    }
}
