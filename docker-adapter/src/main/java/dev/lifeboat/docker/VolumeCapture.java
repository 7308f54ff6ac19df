package dev.lifeboat.docker;

import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** Captures one volume: {@code volumes/<key>/config.json} and {@code volumes/<key>/data}. */
final class VolumeCapture {
    /** Inside of a container: which, and where. */
    record Mount(String container, String destination, Set<EntryPath> others) {
        /** Whether something else is mounted there, or below. */
        private boolean hides(EntryPath path) {
            return others.stream().anyMatch(other -> path.startsWith(other));
        }
    }

    private VolumeCapture() {}

    static void capture(
            FidelitySink sink, String key, JsonObject document, Optional<Path> local, EngineClient client, Mount mount)
            throws IOException {
        EntryPath place = Documents.VOLUMES.resolve(dev.lifeboat.entry.ByteString.utf8(key));
        EntryPath data = place.resolve("data");
        Documents.directory(sink, place);
        Documents.send(sink, place.resolve("config.json"), document.toPrettyBytes());
        MovedSink moved = new MovedSink(sink, data);
        if (local.isPresent()) {
            sink.note(data, "host path");
            DirectorySource.of(local.get()).oneFileSystem().sendTo(moved);
        } else {
            sink.noteLoss(data, "engine API", ArchiveStream.LOSES);
            new ArchiveStream(client, mount.container()).sendTo(moved, mount.destination(), mount::hides);
        }
    }

    /** What is kept of a volume beside its data. */
    static JsonObject document(JsonObject inspect, boolean anonymous, Optional<String> destination) throws IOException {
        JsonObject document = JsonObject.create()
                .put("lifeboat", "volume")
                .put("version", 1)
                .put("name", inspect.string("Name"))
                .put("anonymous", anonymous)
                .put("driver", inspect.string("Driver"))
                .put("destination", destination);
        document.put("options", inspect.objectOrEmpty("Options"));
        document.put("labels", inspect.objectOrEmpty("Labels"));
        return document;
    }
}
