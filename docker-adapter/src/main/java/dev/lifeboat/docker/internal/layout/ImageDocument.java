package dev.lifeboat.docker.internal.layout;

import dev.lifeboat.docker.internal.model.ImageContent;
import dev.lifeboat.docker.internal.model.ImageSpec;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;

/**
 * {@code images/<digest>/image.json}: docs/FORMAT.md, section 7.
 *
 * @param image what the engine said of the image
 * @param content its blobs
 */
public record ImageDocument(ImageSpec image, ImageContent content) {
    /** Returns the encoded document. */
    public byte[] toBytes() {
        return JsonObject.create()
                .put("lifeboat", "image")
                .put("version", 1)
                .put("image", image.toJson())
                .put("content", content.toJson())
                .toPrettyBytes();
    }

    /** Parses a document. */
    public static ImageDocument from(JsonObject json) throws IOException {
        ImageDocument document =
                new ImageDocument(ImageSpec.from(json.object("image")), ImageContent.from(json.object("content")));
        boolean sound = document.image().id().matches("sha256:[0-9a-f]{64}")
                && document.image().identity().equals(document.content().config());
        if (!sound) {
            throw new DamagedException("the document of an image has an id that is not that of its content");
        }
        return document;
    }
}
