package dev.lifeboat.docker;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Restores the data of one volume of a snapshot. */
final class VolumeRestore implements RestoreTarget {
    private final EngineClient client;
    private final String captured;
    private final String volume;
    private final boolean create;

    VolumeRestore(EngineClient client, String captured, String volume, boolean create) {
        this.client = client;
        this.captured = captured;
        this.volume = volume;
        this.create = create;
    }

    @Override
    public String location() {
        return "volume " + volume + " of " + client.uri();
    }

    @Override
    public Session begin(RestoreRequest request) throws IOException {
        Optional<JsonObject> existing = find(client, volume);
        if (create && existing.isPresent()) {
            throw new DockerException(
                    DockerException.Kind.ALREADY_EXISTS,
                    "volume " + volume + " exists already; choose another name, or intoVolume(..)");
        }
        if (!create && existing.isEmpty()) {
            throw new DockerException(
                    DockerException.Kind.NOT_FOUND, "there is no volume " + volume + "; newVolume(..) makes one");
        }
        return new VolumeSession(request);
    }

    static Optional<JsonObject> find(EngineClient client, String volume) throws IOException {
        return client.find("/volumes/" + EngineClient.encode(volume), "look for volume " + volume);
    }

    static JsonObject create(EngineClient client, String name, JsonObject document) throws IOException {
        JsonObject body = JsonObject.create()
                .put("Name", name)
                .put("Driver", document.string("driver"))
                .put("DriverOpts", document.objectOrEmpty("options"))
                .put("Labels", document.objectOrEmpty("labels"));
        return client.post("/volumes/create", body, "create volume " + name);
    }

    /** Whether {@code volumes/<key>} is the volume that was asked for: by name, or by where it was mounted. */
    private boolean isWanted(String key) {
        return key.equals(captured)
                || captured.startsWith("/") && key.endsWith(ContainerCapture.anonymousKey("", captured));
    }

    /** The document about the volume comes before its data, and the volume is made when it comes. */
    private final class VolumeSession implements Session {
        private final RestoreRequest request;
        private @Nullable EntryPath place;
        private @Nullable HelperContainer helper;
        private @Nullable VolumeWriter writer;
        private boolean committed;
        private boolean created;

        VolumeSession(RestoreRequest request) {
            this.request = request;
        }

        @Override
        public boolean offer(Entry entry) throws IOException {
            List<ByteString> segments = entry.path().segments();
            if (segments.size() < 3
                    || !entry.path().startsWith(Documents.VOLUMES)
                    || !isWanted(segments.get(1).toString())) {
                return false;
            }
            if (isDocument(entry.path())) {
                return true;
            }
            place = Documents.VOLUMES.resolve(segments.get(1)).resolve("data");
            if (request.dryRun() && create) {
                request.listener().changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
                return false;
            }
            return writer(place).offer(entry);
        }

        private static boolean isDocument(EntryPath path) {
            return path.segments().size() == 3 && path.name().equals(ByteString.utf8("config.json"));
        }

        private VolumeWriter writer(EntryPath data) throws IOException {
            if (writer == null) {
                JsonObject inspect = find(client, volume)
                        .orElseThrow(() -> new DockerException(
                                DockerException.Kind.NOT_FOUND, "volume " + volume + " has vanished"));
                writer = request.dryRun() ? dryWriter(data, inspect) : realWriter(data, inspect);
            }
            return writer;
        }

        private VolumeWriter realWriter(EntryPath data, JsonObject inspect) throws IOException {
            HelperContainer mounted = HelperContainer.mount(client, volume);
            helper = mounted;
            Optional<Path> local = LocalPaths.of(client, mounted.id()).volume(inspect);
            if (local.isEmpty() && !create && request.deleteExtra()) {
                VolumeWriter.tellNoDeletion(data, request);
            }
            return local.isPresent()
                    ? VolumeWriter.toHost(data, local.get(), request)
                    : VolumeWriter.toContainer(data, client, mounted.id(), HelperContainer.DESTINATION, request);
        }

        /** Without a helper: that would be a change, too. */
        private VolumeWriter dryWriter(EntryPath data, JsonObject inspect) throws IOException {
            Optional<Path> local = LocalPaths.of(client).volume(inspect);
            return local.isPresent()
                    ? VolumeWriter.toHost(data, local.get(), request)
                    : VolumeWriter.toldOnly(data, request);
        }

        @Override
        public void content(Entry entry, InputStream in) throws IOException {
            if (isDocument(entry.path())) {
                JsonObject document = Documents.read(entry.path(), in);
                if (create && !request.dryRun()) {
                    VolumeRestore.create(client, volume, document);
                    created = true;
                }
                return;
            }
            VolumeWriter to = writer;
            if (to == null) {
                throw new IllegalStateException("content of '" + entry.path() + "' was not wanted");
            }
            to.content(entry, in);
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
            if (place == null) {
                throw new IOException("the snapshot holds no volume '" + captured + "'");
            }
            if (writer != null) {
                writer.finish();
            }
            committed = true;
        }

        private void closeHelper() throws IOException {
            HelperContainer last = helper;
            if (last != null) {
                helper = null;
                last.close();
            }
        }

        @Override
        public void close() throws IOException {
            try {
                if (writer != null) {
                    writer.close();
                }
            } finally {
                closeHelper();
                if (created && !committed) {
                    created = false;
                    Uninterrupted.run(
                            () -> client.delete("/volumes/" + EngineClient.encode(volume), "remove volume " + volume));
                }
            }
        }
    }
}
