package dev.lifeboat.docker.internal.layout;

import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;

/** {@code volumes/<key>/config.json}: docs/FORMAT.md, section 7. */
public final class VolumeDocument {
    private VolumeDocument() {}

    /**
     * Returns the document of a volume.
     *
     * @param destination mount point in its container; empty if the volume was captured by itself
     */
    public static JsonObject of(VolumeSpec volume, boolean anonymous, String destination) {
        JsonObject document = JsonObject.create()
                .put("lifeboat", "volume")
                .put("version", 1)
                .put("name", volume.name())
                .put("anonymous", anonymous)
                .put("driver", volume.driver());
        if (!destination.isEmpty()) {
            document.put("destination", destination);
        }
        return document.put("options", volume.options()).put("labels", volume.labels());
    }

    /** Parses the configuration from a document. */
    public static VolumeSpec spec(JsonObject document) throws IOException {
        return new VolumeSpec(
                document.string("name"),
                document.string("driver"),
                document.stringMap("options"),
                document.stringMap("labels"));
    }
}
