package dev.lifeboat.docker.internal.transfer;

import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.engine.EngineInfo.Product;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.ForwardingEntrySink;
import dev.lifeboat.entry.PrefixSink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Captures the writable layer of a container as a difference from its image: {@code rootfs/<name>}, with deletions as
 * OCI whiteouts.
 */
public final class LayerReader {
    private final EngineClient client;
    private final String container;
    /** Paths at which volumes and other mounts hide the layer. */
    private final Set<EntryPath> mounts;

    public LayerReader(EngineClient client, String container, Set<EntryPath> mounts) {
        this.client = client;
        this.container = container;
        this.mounts = mounts;
    }

    public void sendTo(FidelityRecorder sink, EntryPath place, Optional<Path> upper) throws IOException {
        PrefixSink moved = new PrefixSink(sink, place);
        if (upper.isPresent()) {
            Overlay overlay = new Overlay(moved, upper.get());
            Optional<String> foreign = overlay.foreign();
            if (foreign.isEmpty()) {
                sink.note(place, "host path of the writable layer");
                overlay.sendTo(moved);
                return;
            }
            sink.report(new Problem(
                    place,
                    Problem.Kind.DEGRADED,
                    "the writable layer is not read from the host, since it has the attribute " + foreign.get()));
        }
        sink.noteLoss(place, "changes by engine API", ArchiveDownload.loses(client));
        sendChanges(moved);
    }

    /** Sends the files of a writable layer that is in use. */
    public static void preCopy(EntrySink sink, EntryPath place, Path upper) throws IOException {
        EntrySink moved = new PrefixSink(sink, place);
        layer(upper).whileInUse().sendTo(new ForwardingEntrySink(moved) {
            @Override
            public boolean offer(Entry entry) throws IOException {
                return !Whiteouts.isOverlayWhiteout(entry) && moved.offer(Whiteouts.withoutOverlayAttributes(entry));
            }

            @Override
            public void content(Entry entry, InputStream in) throws IOException {
                moved.content(Whiteouts.withoutOverlayAttributes(entry), in);
            }
        });
    }

    private static DirectorySource layer(Path upper) {
        return DirectorySource.of(upper).oneFileSystem();
    }

    /** Reads an overlayfs directory. The OCI names of its whiteouts sort differently, so they are collected first. */
    private static final class Overlay implements EntrySink {
        private final EntrySink sink;
        private final DirectorySource source;
        private final NavigableSet<EntryPath> whiteouts = new TreeSet<>();
        private Optional<String> foreign = Optional.empty();

        Overlay(EntrySink sink, Path upper) {
            this.sink = sink;
            this.source = layer(upper);
        }

        /** Reads all but content; returns an attribute, if any, that says that the directory is not what it seems. */
        Optional<String> foreign() throws IOException {
            source.sendTo(new Collector());
            return foreign;
        }

        void sendTo(EntrySink target) throws IOException {
            source.sendTo(this);
            sendBefore(null, target);
        }

        private void sendBefore(@org.jspecify.annotations.Nullable EntryPath limit, EntrySink target)
                throws IOException {
            while (!whiteouts.isEmpty() && (limit == null || whiteouts.first().compareTo(limit) < 0)) {
                sendWhiteout(whiteouts.pollFirst(), target);
            }
        }

        @Override
        public boolean offer(Entry entry) throws IOException {
            sendBefore(entry.path(), sink);
            return !Whiteouts.isOverlayWhiteout(entry) && sink.offer(Whiteouts.withoutOverlayAttributes(entry));
        }

        @Override
        public Optional<Entry> unchanged(EntryPath path, String fingerprint) throws IOException {
            sendBefore(path, sink);
            return sink.unchanged(path, fingerprint);
        }

        @Override
        public void content(Entry entry, InputStream in) throws IOException {
            sink.content(Whiteouts.withoutOverlayAttributes(entry), in);
        }

        @Override
        public List<Path> repositoryDirectories() {
            return sink.repositoryDirectories();
        }

        @Override
        public void report(Problem problem) throws IOException {
            sink.report(problem);
        }

        private final class Collector implements EntrySink {
            @Override
            public boolean offer(Entry entry) {
                if (foreign.isEmpty()) {
                    foreign = Whiteouts.foreignAttribute(entry);
                }
                if (Whiteouts.isOverlayWhiteout(entry)) {
                    whiteouts.add(Whiteouts.whiteoutOf(entry.path()));
                } else if (Whiteouts.isOpaque(entry)) {
                    whiteouts.add(entry.path().resolve(Whiteouts.OPAQUE_NAME));
                }
                return false;
            }

            @Override
            public void content(Entry entry, InputStream in) {
                throw new IllegalStateException("content was not requested: " + entry.path());
            }

            @Override
            public void report(Problem problem) {
                // Problems are reported in the second pass.
            }
        }
    }

    private static void sendWhiteout(EntryPath whiteout, EntrySink sink) throws IOException {
        Entry entry = Whiteouts.entry(whiteout);
        if (sink.offer(entry)) {
            sink.content(entry, new ByteArrayInputStream(new byte[0]));
        }
    }

    private enum Kind {
        MODIFIED,
        ADDED,
        DELETED
    }

    /** Lists the changes and sends each: an added directory as a whole, anything else entry by entry. */
    private void sendChanges(EntrySink sink) throws IOException {
        String url = "/containers/" + EngineClient.encode(container) + "/changes";
        List<JsonObject> changes = client.getList(url, "list changes of container " + container);
        ArchiveDownload archive = new ArchiveDownload(client, container);
        boolean podman = client.info().product() == Product.PODMAN;
        NavigableMap<EntryPath, Kind> kinds = new TreeMap<>();
        for (JsonObject change : changes) {
            kinds.put(path(change), kind(change));
        }
        NavigableMap<EntryPath, Change> byPlace = new TreeMap<>();
        for (JsonObject json : changes) {
            EntryPath path = path(json);
            Change change = new Change(kind(json), json.string("Path"));
            if (change.kind != Kind.DELETED) {
                byPlace.put(path, change);
            } else if (isReplaced(path, kinds) || podman && archive.exists(change.path)) {
                byPlace.put(path, new Change(Kind.MODIFIED, change.path));
                byPlace.put(path.resolve(Whiteouts.OPAQUE_NAME), change);
            } else {
                byPlace.put(Whiteouts.whiteoutOf(path), change);
            }
        }
        SnapshotDocuments.offerOnly(sink, Entry.directory(EntryPath.root(), SnapshotDocuments.attributes(0755)));
        EntryPath whole = null;
        for (var entry : byPlace.entrySet()) {
            EntryPath place = entry.getKey();
            if (whole != null && place.startsWith(whole) || mounts.stream().anyMatch(place::startsWith)) {
                continue;
            }
            Change change = entry.getValue();
            if (change.kind == Kind.ADDED) {
                whole = place;
            }
            try {
                send(archive, change.kind, change.path, place, sink);
            } catch (DockerException e) {
                if (e.kind() != DockerException.Kind.NOT_FOUND) {
                    throw e;
                }
                sink.report(new Problem(place, Problem.Kind.VANISHED, "was removed before it could be read"));
            }
        }
    }

    /**
     * A change.
     *
     * @param path absolute path in the container
     */
    private record Change(Kind kind, String path) {}

    /** Podman lists a directory that was removed and made again as deleted, and what is in it, if any, as added. */
    private static boolean isReplaced(EntryPath deleted, NavigableMap<EntryPath, Kind> kinds) {
        for (var later : kinds.tailMap(deleted, false).entrySet()) {
            if (!later.getKey().startsWith(deleted)) {
                return false;
            }
            if (later.getValue() != Kind.DELETED) {
                return true;
            }
        }
        return false;
    }

    private void send(ArchiveDownload archive, Kind kind, String absolute, EntryPath place, EntrySink sink)
            throws IOException {
        switch (kind) {
            case DELETED -> sendWhiteout(place, sink);
            case MODIFIED -> archive.sendOne(sink, absolute, place);
            case ADDED -> sendAdded(archive, absolute, place, sink);
        }
    }

    /** Sends an added path, which may have any type; only a directory has more entries below it. */
    private void sendAdded(ArchiveDownload archive, String absolute, EntryPath place, EntrySink sink)
            throws IOException {
        boolean[] directory = {false};
        archive.sendOne(
                new PrefixSink(sink, EntryPath.root()) {
                    @Override
                    public boolean offer(Entry entry) throws IOException {
                        directory[0] = entry.type() == dev.lifeboat.entry.EntryType.DIRECTORY;
                        return !directory[0] && super.offer(entry);
                    }
                },
                absolute,
                place);
        if (directory[0]) {
            archive.sendTo(
                    new PrefixSink(sink, place),
                    absolute,
                    below -> mounts.stream()
                            .anyMatch(mount -> !place.resolve(below).equals(mount)
                                    && place.resolve(below).startsWith(mount)));
        }
    }

    private static Kind kind(JsonObject change) throws IOException {
        long kind = change.number("Kind");
        if (kind < 0 || kind > 2) {
            throw new IOException("the engine reports a change of an unknown kind: " + kind);
        }
        return Kind.values()[(int) kind];
    }

    private static EntryPath path(JsonObject change) throws IOException {
        return EntryPath.of(ByteString.utf8(change.string("Path").substring(1)).toByteArray());
    }
}
