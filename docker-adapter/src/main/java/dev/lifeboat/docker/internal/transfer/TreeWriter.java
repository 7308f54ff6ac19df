package dev.lifeboat.docker.internal.transfer;

import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * Writes a tree of a snapshot to its destination: to a host path, where only differences are written and all metadata
 * is kept, or through the engine's API. It receives and reports paths of the snapshot.
 */
public final class TreeWriter implements EntrySink, AutoCloseable {
    private final EntryPath place;
    private final EntrySink sink;
    private final AutoCloseable resource;
    private final Finish finish;

    @FunctionalInterface
    private interface Finish {
        void run() throws IOException;
    }

    private TreeWriter(EntryPath place, EntrySink sink, AutoCloseable resource, Finish finish) {
        this.place = place;
        this.sink = sink;
        this.resource = resource;
        this.finish = finish;
    }

    public static TreeWriter toHost(EntryPath place, Path directory, RestoreRequest request) throws IOException {
        RestoreTarget.Session session = DirectoryRestore.into(directory).begin(request.below(place));
        return new TreeWriter(place, session, session, session::commit);
    }

    public static TreeWriter toContainer(
            EntryPath place, EngineClient client, String container, String destination, RestoreRequest request)
            throws IOException {
        if (request.dryRun()) {
            return dryRun(place, request);
        }
        ArchiveUpload upload = new ArchiveUpload(
                client, container, destination, request.below(place).listener());
        return new TreeWriter(place, upload, upload, upload::finish);
    }

    /**
     * Reports that the engine's API deletes nothing, if deletion was requested and there may be something to delete.
     */
    public static void reportNoDeletion(EntryPath place, RestoreRequest request) {
        request.listener()
                .problem(new Problem(
                        place,
                        Problem.Kind.DEGRADED,
                        "written through the engine's API, which deletes nothing: extra files are kept"));
    }

    /**
     * Returns a writer that writes nothing and reports every entry as created, since the existing state cannot be
     * compared.
     */
    public static TreeWriter dryRun(EntryPath place, RestoreRequest request) {
        RestoreRequest.Listener listener = request.below(place).listener();
        EntrySink told = new EntrySink() {
            @Override
            public boolean offer(Entry entry) {
                listener.changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
                return false;
            }

            @Override
            public void content(Entry entry, InputStream in) {
                throw new IllegalStateException("content of '" + entry.path() + "' was not requested");
            }

            @Override
            public void report(Problem problem) {
                listener.problem(problem);
            }
        };
        return new TreeWriter(place, told, () -> {}, () -> {});
    }

    /** Returns this writer, which also closes what its destination needs. */
    public TreeWriter closing(AutoCloseable needed) {
        return new TreeWriter(
                place,
                sink,
                () -> {
                    try (needed) {
                        resource.close();
                    }
                },
                finish);
    }

    /** Returns this writer with a filter in front, which sees paths relative to the root of the tree. */
    public TreeWriter through(UnaryOperator<EntrySink> between) {
        return new TreeWriter(place, between.apply(sink), resource, finish);
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        return sink.offer(entry.relativeTo(place));
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        sink.content(entry.relativeTo(place), in);
    }

    @Override
    public void report(Problem problem) throws IOException {
        sink.report(problem);
    }

    /** Completes the tree after everything was sent. */
    public void finish() throws IOException {
        finish.run();
    }

    @Override
    public void close() throws IOException {
        try {
            resource.close();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
    }
}
