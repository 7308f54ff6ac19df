package dev.lifeboat.docker.internal.model;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * What is known of the image of a container.
 *
 * @param id its id on the engine it was captured from
 * @param layers digests of its uncompressed layers, lowest first; empty if the engine did not have it any more
 * @param tags names it had
 * @param digests names by digest it had
 * @param config what a container takes from it unless its own configuration says otherwise; empty if unknown
 */
public record ImageSpec(
        String id, List<String> layers, List<String> tags, List<String> digests, Optional<JsonObject> config) {
    /** Reads the inspect of an image. */
    public static ImageSpec ofInspect(JsonObject inspect) throws IOException {
        return new ImageSpec(
                inspect.string("Id"),
                inspect.object("RootFS").strings("Layers"),
                inspect.strings("RepoTags"),
                inspect.strings("RepoDigests"),
                inspect.has("Config") ? Optional.of(inspect.object("Config")) : Optional.empty());
    }

    /** What is known of an image that the engine does not have any more. */
    public static ImageSpec missing(String id) {
        return new ImageSpec(id, List.of(), List.of(), List.of(), Optional.empty());
    }

    /** Whether the engine had it when it was captured. */
    public boolean isKnown() {
        return !layers.isEmpty() || config.isPresent();
    }

    /** Writes it as a part of a document. */
    public JsonObject toJson() {
        JsonObject json = JsonObject.create()
                .put("id", id)
                .put("layers", layers)
                .put("tags", tags)
                .put("digests", digests);
        config.ifPresent(c -> json.put("config", c));
        return json;
    }

    /** Reads it from a document. */
    public static ImageSpec from(JsonObject json) throws IOException {
        return new ImageSpec(
                json.string("id"),
                json.strings("layers"),
                json.strings("tags"),
                json.has("digests") ? json.strings("digests") : List.of(),
                json.has("config") ? Optional.of(json.object("config")) : Optional.empty());
    }
}
