package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.docker.internal.transfer.ArchiveDownload;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.PrefixSink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Captures bind mounts: {@code paths/<n>/bind.json} and {@code paths/<n>/data}. A path that several containers mount is
 * captured once.
 */
final class PathCapture {
    /** Secrets and configs are small; larger files are data, which is captured only on request. */
    private static final long MAX_CONFIG_BYTES = 1 << 20;
    /** Where Compose mounts secrets. */
    private static final String SECRETS = "/run/secrets/";

    private final EngineClient client;
    private final HostPaths paths;
    private final Application application;
    private final CaptureOptions options;

    /** A bind mount and a container that has it. */
    private record Bind(MountSpec mount, ContainerSpec container) {}

    PathCapture(EngineClient client, HostPaths paths, Application application, CaptureOptions options) {
        this.client = client;
        this.paths = paths;
        this.application = application;
        this.options = options;
    }

    /** The bind mounts by path of the host, and whether the content of each is captured. */
    private Map<String, Bind> bySource() {
        Map<String, Bind> bySource = new TreeMap<>();
        for (ContainerSpec container : application.model().members().values()) {
            for (MountSpec mount : container.mounts()) {
                if (mount.isBind()) {
                    // Whether one may write to it matters more than where it is mounted.
                    bySource.merge(
                            mount.source(),
                            new Bind(mount, container),
                            (first, next) -> first.mount().writable() ? first : next);
                }
            }
        }
        return bySource;
    }

    /** The host paths of a container whose content is captured. */
    List<String> captured(ContainerSpec container) throws IOException {
        Map<String, Bind> bySource = bySource();
        List<String> captured = new ArrayList<>();
        for (MountSpec mount : container.mounts()) {
            Bind bind = bySource.get(mount.source());
            if (mount.isBind() && bind != null && isChosen(bind.mount())) {
                captured.add(mount.source());
            }
        }
        return captured;
    }

    /** Sends the files of directories that are in view, while containers may write to them. */
    void preCopy(EntrySink sink) throws IOException {
        List<Bind> chosen = new ArrayList<>();
        for (Bind bind : bySource().values()) {
            if (isChosen(bind.mount())) {
                chosen.add(bind);
            }
        }
        for (int i = 0; i < chosen.size(); i++) {
            Optional<Path> path = paths.bind(chosen.get(i).mount().source());
            if (path.isPresent() && Files.isDirectory(path.get())) {
                EntryPath data = place(i, chosen.size()).resolve("data");
                directory(path.get()).whileInUse().sendTo(new PrefixSink(sink, data));
            }
        }
    }

    private static DirectorySource directory(Path path) {
        return DirectorySource.of(path).oneFileSystem(Problem.Kind.FAILED).asPart();
    }

    private static EntryPath place(int number, int count) {
        int width = Integer.toString(count).length();
        return SnapshotLayout.PATHS.resolve(String.format("%0" + width + "d", number));
    }

    void sendTo(FidelityRecorder sink) throws IOException {
        List<Bind> chosen = new ArrayList<>();
        for (Bind bind : bySource().values()) {
            if (isChosen(bind.mount())) {
                chosen.add(bind);
            } else {
                sink.report(new Problem(
                        SnapshotLayout.PATHS,
                        Problem.Kind.SKIPPED,
                        "the content of bind mount " + bind.mount().source() + " at "
                                + bind.mount().destination() + " is not captured; withBindMounts() captures it"));
            }
        }
        if (chosen.isEmpty()) {
            return;
        }
        SnapshotDocuments.directory(sink, SnapshotLayout.PATHS);
        for (int i = 0; i < chosen.size(); i++) {
            send(sink, place(i, chosen.size()), chosen.get(i));
        }
    }

    /** Secrets and configs of Compose are files that are mounted read-only; they belong to the configuration. */
    private boolean isChosen(MountSpec bind) throws IOException {
        if (options.bindMounts()) {
            return true;
        }
        if (!options.configurationFiles() || bind.writable()) {
            return false;
        }
        Optional<Path> path = paths.bind(bind.source());
        return path.isPresent()
                ? Files.isRegularFile(path.get()) && Files.size(path.get()) <= MAX_CONFIG_BYTES
                : bind.destination().startsWith(SECRETS);
    }

    private void send(FidelityRecorder sink, EntryPath place, Bind bind) throws IOException {
        SnapshotDocuments.directory(sink, place);
        SnapshotDocuments.send(
                sink, place.resolve("bind.json"), bind.mount().json().toPrettyBytes());
        Optional<Path> path = paths.bind(bind.mount().source());
        EntryPath data = place.resolve("data");
        if (path.isPresent() && Files.isDirectory(path.get())) {
            sink.note(data, "host path");
            directory(path.get()).sendTo(new PrefixSink(sink, data));
        } else if (path.isPresent() && Files.isRegularFile(path.get())) {
            sink.note(data, "host path");
            HostFile.send(sink, path.get(), data);
        } else {
            String destination = bind.mount().destination();
            sink.noteLoss(data, "engine API", ArchiveDownload.loses(client));
            ArchiveDownload archive =
                    new ArchiveDownload(client, bind.container().id());
            archive.sendOne(sink, destination, data);
            if (path.isEmpty()) {
                archive.sendTo(new PrefixSink(sink, data), destination, EntryPath::isRoot);
            }
        }
    }
}
