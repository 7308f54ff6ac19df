package dev.lifeboat.docker;

import dev.lifeboat.docker.internal.capture.VolumeCapture;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HelperContainer;
import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.layout.VolumeDocument;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/** Captures a volume, used by a container or not. If the volume is removed while it is read, the backup fails. */
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
        JsonObject inspect = new Volumes(client).inspect(volume);
        Instant begun = Instant.now();
        FidelityRecorder sink = new FidelityRecorder(target);
        sink.offerDocuments();
        SnapshotDocuments.directory(sink, SnapshotLayout.VOLUMES);
        JsonObject document = VolumeDocument.of(VolumeSpec.ofInspect(inspect), false, "");
        Optional<Path> path = HostPaths.of(client).volume(inspect);
        if (path.isPresent()) {
            VolumeCapture.capture(sink, volume, document, path, client, new VolumeCapture.Mount("", "", Set.of()));
        } else {
            try (HelperContainer helper = HelperContainer.mount(client, volume)) {
                VolumeCapture.capture(
                        sink,
                        volume,
                        document,
                        HostPaths.of(client, helper.id()).volume(inspect),
                        client,
                        new VolumeCapture.Mount(helper.id(), HelperContainer.DESTINATION, Set.of()));
            }
        }
        // Fails if the volume was removed in the meantime: files are missing then.
        new Volumes(client).inspect(volume);
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
