package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.layout.Location;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.layout.VolumeDocument;
import dev.lifeboat.docker.internal.layout.VolumeKeys;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.internal.transfer.TreeWriter;
import dev.lifeboat.docker.plan.Conflict;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** One restore of a volume. Its document comes before its files, and a new volume is created when it comes. */
public final class VolumeRestoreSession implements RestoreTarget.Session {
    private final EngineClient client;
    private final Volumes volumes;
    private final Request volume;
    private final RestoreRequest request;
    private final UndoLog undo;
    private final SortedSet<String> keys = new TreeSet<>();
    private boolean found;
    private @Nullable TreeWriter writer;
    private boolean committed;

    /**
     * Which volume is restored, and where to.
     *
     * @param captured its name; for an anonymous one, the path where it was mounted
     * @param name of the volume that is written
     * @param create whether that is a new one
     * @param allowInUse whether it may be in use
     */
    public record Request(String captured, String name, boolean create, boolean allowInUse) {}

    private VolumeRestoreSession(EngineClient client, QuiesceJournal journal, Request volume, RestoreRequest request) {
        this.undo = new UndoLog(client, journal);
        this.client = client;
        this.volumes = new Volumes(client);
        this.volume = volume;
        this.request = request;
    }

    /**
     * Begins a restore.
     *
     * @throws DockerException if it conflicts with what is there; nothing was changed
     */
    public static RestoreTarget.Session begin(
            EngineClient client, QuiesceJournal journal, Request volume, RestoreRequest request) throws IOException {
        Optional<JsonObject> existing = new Volumes(client).find(volume.name());
        if (!volume.create() && existing.isEmpty()) {
            throw new DockerException(
                    DockerException.Kind.NOT_FOUND,
                    "there is no volume " + volume.name() + "; newVolume(..) creates one");
        }
        List<Conflict> conflicts = new ArrayList<>();
        if (volume.create() && existing.isPresent()) {
            conflicts.add(new Conflict(
                    Conflict.Kind.NAME_TAKEN,
                    "volume " + volume.name(),
                    "it exists already",
                    "choose another name, or write into it: intoVolume(..)"));
        }
        if (!volume.create() && !volume.allowInUse()) {
            for (ContainerSpec user : new Containers(client).using(volume.name())) {
                if (user.state().running()) {
                    conflicts.add(new Conflict(
                            Conflict.Kind.VOLUME_IN_USE,
                            "volume " + volume.name(),
                            "container " + user.name() + " is running and uses it",
                            "stop that container first, or allow it: .allowInUse()"));
                }
            }
        }
        if (!conflicts.isEmpty()) {
            throw DockerException.of(conflicts);
        }
        if (!volume.create()
                && request.deleteExtra()
                && HostPaths.of(client).volume(existing.orElseThrow()).isEmpty()) {
            throw new DockerException(
                    DockerException.Kind.REFUSED,
                    "deleteExtra() is not possible here: the files of volume " + volume.name()
                            + " are not in view of this process, and the engine's API deletes nothing. Run as root on the"
                            + " engine's host, restore without deleteExtra(), or into a new volume");
        }
        return new VolumeRestoreSession(client, journal, volume, request);
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        Location location = SnapshotLayout.parse(entry.path());
        boolean ofVolume = location.part() == Location.Part.VOLUME || location.part() == Location.Part.VOLUME_DATA;
        if (ofVolume) {
            keys.add(location.name());
        }
        if (!ofVolume || !VolumeKeys.matches(location.name(), volume.captured())) {
            return false;
        }
        if (location.part() == Location.Part.VOLUME) {
            return true;
        }
        found = true;
        if (request.dryRun() && volume.create()) {
            request.listener().changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
            return false;
        }
        return writer(location.root()).offer(entry);
    }

    private TreeWriter writer(EntryPath root) throws IOException {
        if (writer == null) {
            writer = MountedVolume.writer(client, root, volume.name(), request);
        }
        return writer;
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        if (SnapshotLayout.parse(entry.path()).part() == Location.Part.VOLUME) {
            VolumeSpec captured = VolumeDocument.spec(SnapshotDocuments.read(entry.path(), in));
            if (volume.create() && !request.dryRun()) {
                create(entry.path(), captured);
            }
            return;
        }
        TreeWriter to = writer;
        if (to == null) {
            throw new IllegalStateException("content of '" + entry.path() + "' was not wanted");
        }
        to.content(entry, in);
    }

    private void create(EntryPath path, VolumeSpec captured) throws IOException {
        boolean same = volume.name().equals(captured.name());
        VolumeSpec created = captured.forCopy(volume.name());
        undo.create(
                volumes,
                same ? new VolumeSpec(volume.name(), created.driver(), created.options(), captured.labels()) : created);
        Optional<String> external = captured.externalStorage();
        if (external.isPresent()) {
            report(new Problem(
                    path,
                    Problem.Kind.DEGRADED,
                    "volume " + volume.name() + " is a plain local one: another on " + external.get()
                            + " would write to the storage of the original"));
        }
    }

    @Override
    public boolean requiresInlineContent() {
        return true;
    }

    @Override
    public void report(Problem problem) {
        request.listener().problem(problem);
    }

    @Override
    public void commit() throws IOException {
        if (!found) {
            throw new IOException("the snapshot has no volume '" + volume.captured() + "'; it has "
                    + (keys.isEmpty() ? "none" : keys));
        }
        if (writer != null) {
            writer.finish();
        }
        undo.commit(List::of);
        committed = true;
    }

    @Override
    public void close() throws IOException {
        try {
            if (writer != null) {
                writer.close();
            }
        } finally {
            if (!committed) {
                undo.undo();
            }
        }
    }
}
