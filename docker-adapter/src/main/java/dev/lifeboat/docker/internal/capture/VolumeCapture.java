package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.transfer.ArchiveDownload;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.PrefixSink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** Captures one volume: {@code volumes/<key>/config.json} and {@code volumes/<key>/data}. */
public final class VolumeCapture {
    /**
     * Where a volume is mounted.
     *
     * @param container in which
     * @param destination where
     * @param others what else is mounted below, as seen from there
     */
    public record Mount(String container, String destination, Set<EntryPath> others) {
        /** Whether something else is mounted there, or above. */
        private boolean hides(EntryPath path) {
            return others.stream().anyMatch(path::startsWith);
        }
    }

    private VolumeCapture() {}

    /** Sends the files of a volume that is in use. */
    static void preCopy(EntrySink sink, String key, Path path) throws IOException {
        source(path).whileInUse().sendTo(new PrefixSink(sink, data(key)));
    }

    private static DirectorySource source(Path path) {
        return DirectorySource.of(path).oneFileSystem(Problem.Kind.FAILED).asPart();
    }

    private static EntryPath data(String key) {
        return SnapshotLayout.volume(key).resolve("data");
    }

    /**
     * Sends a volume.
     *
     * @param path of its files on the host, if these are in view
     */
    public static void capture(
            FidelityRecorder sink,
            String key,
            JsonObject document,
            Optional<Path> path,
            EngineClient client,
            Mount mount)
            throws IOException {
        EntryPath place = SnapshotLayout.volume(key);
        EntryPath data = data(key);
        SnapshotDocuments.directory(sink, place);
        SnapshotDocuments.send(sink, place.resolve("config.json"), document.toPrettyBytes());
        PrefixSink moved = new PrefixSink(sink, data);
        if (path.isPresent()) {
            sink.note(data, "host path");
            source(path.get()).sendTo(moved);
        } else {
            sink.noteLoss(data, "engine API", ArchiveDownload.loses(client));
            new ArchiveDownload(client, mount.container()).sendTo(moved, mount.destination(), mount::hides);
        }
    }
}
