package dev.lifeboat.docker;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.restore.VolumeRestoreSession;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import java.io.IOException;

/**
 * Restores one volume of a snapshot, of a container or of a volume, as a new volume or into one that exists.
 *
 * <p>A volume that a running container uses is a conflict, unless {@link #allowInUse} was called. A new volume never lies on
 * the device or share that the captured one was on: it is a plain local one then, and the result says so.
 *
 * <p>Immutable.
 */
@CheckReturnValue
public final class VolumeRestore implements RestoreTarget {
    private final EngineClient client;
    private final VolumeRestoreSession.Request volume;

    VolumeRestore(EngineClient client, String captured, String name, boolean create) {
        this(client, new VolumeRestoreSession.Request(captured, name, create, false));
    }

    private VolumeRestore(EngineClient client, VolumeRestoreSession.Request volume) {
        this.client = client;
        this.volume = volume;
    }

    /** Writes into the volume even while running containers use it. */
    public VolumeRestore allowInUse() {
        return new VolumeRestore(
                client, new VolumeRestoreSession.Request(volume.captured(), volume.name(), volume.create(), true));
    }

    @Override
    public String location() {
        return "volume " + volume.name() + " of " + client.uri();
    }

    @Override
    public Session begin(RestoreRequest request) throws IOException {
        return VolumeRestoreSession.begin(client, volume, request);
    }

    @Override
    public String toString() {
        return location();
    }
}
