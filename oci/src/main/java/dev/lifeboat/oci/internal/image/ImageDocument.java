package dev.lifeboat.oci.internal.image;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;

/**
 * {@code images/<digest>/image.json}: docs/FORMAT.md, section 7.
 *
 * @param image what the engine or the registry said of the image
 * @param content its blobs
 * @param artifact whether it is something else in a registry, such as a signature: no container can be made of it
 */
public record ImageDocument(ImageSpec image, ImageContent content, boolean artifact) {
    /** Returns the encoded document. */
    public byte[] toBytes() {
        JsonObject json = JsonObject.create().put("lifeboat", "image").put("version", 1);
        if (artifact) {
            json.put("artifact", true);
        }
        return json.put("image", image.toJson())
                .put("content", content.toJson())
                .toPrettyBytes();
    }

    /** Parses a document. */
    public static ImageDocument from(JsonObject json) throws IOException {
        ImageDocument document = new ImageDocument(
                ImageSpec.from(json.object("image")),
                ImageContent.from(json.object("content")),
                json.has("artifact") && json.flag("artifact"));
        boolean sound = document.image().id().matches("sha256:[0-9a-f]{64}")
                && document.image().identity().equals(document.content().config());
        if (!sound) {
            throw new DamagedException("the document of an image has an id that is not that of its content");
        }
        return document;
    }
}
