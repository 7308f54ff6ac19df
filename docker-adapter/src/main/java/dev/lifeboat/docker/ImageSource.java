package dev.lifeboat.docker;

import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.time.Instant;

/** One image. */
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
        JsonObject inspect = inspect(client, reference);
        FidelitySink sink = new FidelitySink(target);
        Documents.directory(sink, Documents.IMAGES);
        new ImageCapture(client, inspect).sendTo(sink);
        sink.offerDocuments();
        sink.sendDocuments(JsonObject.create()
                .put("lifeboat", "app")
                .put("version", 1)
                .put("kind", "image")
                .put("name", reference)
                .put("image", inspect.string("Id"))
                .put("begun", Instant.now().toString()));
    }

    static JsonObject inspect(EngineClient client, String reference) throws IOException {
        return client.get("/images/" + EngineClient.encode(reference) + "/json", "inspect image " + reference);
    }

    @Override
    public String toString() {
        return name();
    }
}
