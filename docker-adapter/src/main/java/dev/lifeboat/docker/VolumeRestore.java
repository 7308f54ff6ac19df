package dev.lifeboat.docker;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.restore.VolumeRestoreSession;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;

/**
 * Restores one volume of a snapshot, of a container or of a volume, as a new volume or into an existing one.
 *
 * <p>A volume that a running container uses is a conflict, unless {@link #allowInUse} is called. A new volume never
 * uses the device or share of the captured one: it is a plain local volume instead, with a problem in the result.
 *
 * <p>Immutable.
 */
@CheckReturnValue
public final class VolumeRestore implements RestoreTarget {
    private final EngineClient client;
    private final QuiesceJournal journal;
    private final VolumeRestoreSession.Request volume;

    VolumeRestore(EngineClient client, QuiesceJournal journal, String captured, String name, boolean create) {
        this(client, journal, new VolumeRestoreSession.Request(captured, name, create, false));
    }

    private VolumeRestore(EngineClient client, QuiesceJournal journal, VolumeRestoreSession.Request volume) {
        this.client = client;
        this.journal = journal;
        this.volume = volume;
    }

    /** Writes into the volume even while running containers use it. */
    public VolumeRestore allowInUse() {
        return new VolumeRestore(
                client,
                journal,
                new VolumeRestoreSession.Request(volume.captured(), volume.name(), volume.create(), true));
    }

    @Override
    public String location() {
        return "volume " + volume.name() + " of " + client.uri();
    }

    @Override
    public Session begin(RestoreRequest request) throws IOException {
        return VolumeRestoreSession.begin(client, journal, volume, request);
    }

    @Override
    public String toString() {
        return location();
    }
}
