package dev.lifeboat.docker;

import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.docker.internal.image.ImageCapture;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.image.ImageLayout;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** Captures an image. */
final class ImageSource implements SnapshotSource {
    private final EngineClient client;
    private final String reference;

    ImageSource(EngineClient client, String reference) {
        this.client = client;
        this.reference = reference;
    }

    @Override
    public String name() {
        return "image:" + reference;
    }

    @Override
    public void sendTo(EntrySink target) throws IOException {
        ImageCapture image = ImageCapture.of(client, new Images(client).inspect(reference), Optional.empty());
        FidelityRecorder sink = new FidelityRecorder(target);
        SnapshotDocuments.directory(sink, ImageLayout.IMAGES);
        image.sendTo(sink);
        sink.offerDocuments();
        sink.sendDocuments(JsonObject.create()
                .put("lifeboat", "app")
                .put("version", 1)
                .put("kind", "image")
                .put("name", reference)
                .put("image", image.image().identity())
                .put("begun", Instant.now().toString()));
    }

    @Override
    public String toString() {
        return name();
    }
}
