package dev.lifeboat.docker;

import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/** One volume, whether a container uses it or not. */
final class VolumeSource implements SnapshotSource {
    private final EngineClient client;
    private final String volume;

    VolumeSource(EngineClient client, String volume) {
        this.client = client;
        this.volume = volume;
    }

    @Override
    public String name() {
        return "volume:" + volume;
    }

    @Override
    public void sendTo(EntrySink target) throws IOException {
        JsonObject inspect = client.get("/volumes/" + EngineClient.encode(volume), "inspect volume " + volume);
        Instant begun = Instant.now();
        FidelitySink sink = new FidelitySink(target);
        sink.offerDocuments();
        Documents.directory(sink, Documents.VOLUMES);
        JsonObject document = VolumeCapture.document(inspect, false, Optional.empty());
        Optional<Path> local = LocalPaths.of(client).volume(inspect);
        if (local.isPresent()) {
            VolumeCapture.capture(sink, volume, document, local, client, new VolumeCapture.Mount("", "", Set.of()));
        } else {
            try (HelperContainer helper = HelperContainer.mount(client, volume)) {
                Optional<Path> path = LocalPaths.of(client, helper.id()).volume(inspect);
                VolumeCapture.capture(
                        sink,
                        volume,
                        document,
                        path,
                        client,
                        new VolumeCapture.Mount(helper.id(), HelperContainer.DESTINATION, Set.of()));
            }
        }
        sink.sendDocuments(JsonObject.create()
                .put("lifeboat", "app")
                .put("version", 1)
                .put("kind", "volume")
                .put("name", volume)
                .put("begun", begun.toString())
                .put("ended", Instant.now().toString()));
    }

    @Override
    public String toString() {
        return name();
    }
}
