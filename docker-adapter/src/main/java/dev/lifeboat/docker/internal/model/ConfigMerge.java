package dev.lifeboat.docker.internal.model;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * What the engine makes of a configuration that it merges with that of an image, field by field; so what to send to
 * get a container that was captured. Follows {@code runconfig.merge} and {@code mergeAndVerifyConfig} of
 * github.com/moby/moby (20.10 to 28): null and empty mean "of the image" for {@code Entrypoint}, {@code User},
 * {@code WorkingDir}, {@code StopSignal}; {@code Cmd} is taken from the image only if {@code Entrypoint} is empty,
 * too; {@code Env}, {@code Labels}, {@code ExposedPorts} and {@code Volumes} are united; a missing health check means
 * that of the image.
 */
public final class ConfigMerge {
    /** What the engine turns into no entrypoint at all, after the merge. */
    private static final List<String> NO_ENTRYPOINT = List.of("");

    private static final List<String> NO_HEALTHCHECK = List.of("NONE");

    private ConfigMerge() {}

    /**
     * Returns the configuration to send, so that the engine makes the captured one of it.
     *
     * @param captured {@code Config} of the inspect, in which the image is merged already
     * @param image {@code Config} of the image that the new container is made of
     */
    public static JsonObject toSend(JsonObject captured, Optional<JsonObject> image) throws IOException {
        JsonObject config = captured.copy();
        if (image.isEmpty()) {
            return config;
        }
        JsonObject defaults = image.get();
        if (isEmpty(captured, "Entrypoint") && !isEmpty(defaults, "Entrypoint")) {
            config.put("Entrypoint", NO_ENTRYPOINT);
        }
        if (!captured.has("Healthcheck") && defaults.has("Healthcheck")) {
            config.put("Healthcheck", JsonObject.create().put("Test", NO_HEALTHCHECK));
        }
        return config;
    }

    private static boolean isEmpty(JsonObject config, String field) throws IOException {
        return !config.has(field) || config.strings(field).isEmpty();
    }
}
