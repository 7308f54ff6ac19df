package dev.lifeboat.docker.internal.client;

import dev.lifeboat.docker.internal.model.ImageSpec;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The images of an engine. Thread-safe. */
public final class Images {
    private final EngineClient client;

    /** Creates an instance that uses a client, which it does not close. */
    public Images(EngineClient client) {
        this.client = client;
    }

    /** Inspects an image by name or id. */
    public ImageSpec inspect(String reference) throws IOException {
        return ImageSpec.ofInspect(client.get(path(reference), "inspect image " + reference));
    }

    /** Finds an image by name or id. */
    public Optional<ImageSpec> find(String reference) throws IOException {
        Optional<JsonObject> found = client.find(path(reference), "look for image " + reference);
        return found.isPresent() ? Optional.of(ImageSpec.ofInspect(found.get())) : Optional.empty();
    }

    /** Inspects all images. Images that are removed meanwhile are skipped. */
    public List<ImageSpec> all() throws IOException {
        List<ImageSpec> all = new ArrayList<>();
        for (JsonObject image : client.getList("/images/json?all=1", "list images")) {
            find(image.string("Id")).ifPresent(all::add);
        }
        return all;
    }

    private static String path(String reference) {
        return "/images/" + EngineClient.encode(reference) + "/json";
    }
}
