package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.layout.ProjectDocument;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.model.ComposeLabels;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.document.SnapshotDocuments;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Captures what Compose was called with, as far as labels name it and it is on this machine: {@code
 * compose/project.json}, {@code compose/files}.
 */
final class ComposeCapture {
    private static final long MAX_BYTES = 4 << 20;

    private final Application application;
    private final HostPaths paths;
    private final CaptureOptions options;

    ComposeCapture(Application application, HostPaths paths, CaptureOptions options) {
        this.application = application;
        this.paths = paths;
        this.options = options;
    }

    /**
     * Sends all to a sink.
     *
     * @param unmounted volumes of the project that no container mounts
     */
    void sendTo(EntrySink sink, List<CapturedVolume> unmounted) throws IOException {
        SnapshotDocuments.directory(sink, SnapshotLayout.COMPOSE);
        Optional<Path> directory = workingDirectory();
        Map<EntryPath, Path> files = options.configurationFiles() ? files(sink, directory) : Map.of();
        Map<String, String> origins = new TreeMap<>();
        for (Map.Entry<EntryPath, Path> file : files.entrySet()) {
            origins.put(file.getKey().toString(), file.getValue().toString());
            HostFile.send(sink, file.getValue(), file.getKey());
        }
        ProjectDocument document = new ProjectDocument(
                application.name(), directory.map(Path::toString).orElse(""), origins, unmounted);
        SnapshotDocuments.send(sink, SnapshotLayout.COMPOSE.resolve("project.json"), document.toBytes());
    }

    private Optional<Path> workingDirectory() throws IOException {
        for (ContainerSpec container : application.model().members().values()) {
            Optional<Path> directory = new ComposeLabels(container.labels()).workingDirectory();
            if (directory.isPresent()) {
                return directory;
            }
        }
        return Optional.empty();
    }

    /** The files by their path in the snapshot. */
    private Map<EntryPath, Path> files(EntrySink sink, Optional<Path> directory) throws IOException {
        Set<Path> named = new LinkedHashSet<>();
        for (ContainerSpec container : application.model().members().values()) {
            ComposeLabels labels = new ComposeLabels(container.labels());
            named.addAll(labels.configFiles());
            named.addAll(labels.environmentFiles());
        }
        Map<EntryPath, Path> files = new TreeMap<>();
        for (Path file : named) {
            add(sink, files, file, directory);
        }
        Optional<Path> environment = directory.map(path -> path.resolve(".env"));
        if (environment.isPresent() && paths.seesFiles() && Files.isRegularFile(environment.get())) {
            add(sink, files, environment.get(), directory);
        }
        return files;
    }

    private void add(EntrySink sink, Map<EntryPath, Path> files, Path file, Optional<Path> directory)
            throws IOException {
        boolean readable = paths.seesFiles() && Files.isRegularFile(file) && Files.isReadable(file);
        if (!readable || Files.size(file) > MAX_BYTES) {
            // Compose may run elsewhere, and the application needs none of its files.
            sink.report(new Problem(
                    SnapshotLayout.COMPOSE,
                    Problem.Kind.SKIPPED,
                    "compose file " + file + " is not captured: "
                            + (readable ? "it has over " + MAX_BYTES + " bytes" : "there is no such file here")));
            return;
        }
        boolean within = directory.isPresent() && file.startsWith(directory.get());
        Path relative = within
                ? Path.of("files").resolve(directory.get().relativize(file))
                : Path.of("other").resolve(file.getRoot().relativize(file));
        files.put(EntryPath.of("compose/" + relative), file);
    }
}
