package dev.lifeboat.oci.internal.image;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What is known of an image.
 *
 * @param id its id on the engine that it was inspected on: the digest of its configuration with a graph driver and in
 *     Podman, that of its manifest or index in the image store of containerd
 * @param configDigest digest of its configuration, which is the same on every engine; empty if it is unknown
 * @param layers digests of its uncompressed layers, lowest first; empty if the engine did not have it any more
 * @param tags names it had
 * @param digests names by digest it had
 * @param platform operating system and architecture, such as {@code linux/amd64}; empty if unknown
 * @param created when it was created, as the engine says it; empty if unknown
 * @param config what a container takes from it unless its own configuration says otherwise; empty if unknown
 */
public record ImageSpec(
        String id,
        Optional<String> configDigest,
        List<String> layers,
        List<String> tags,
        List<String> digests,
        String platform,
        String created,
        Optional<JsonObject> config) {
    /** Fields of a configuration that every engine shows; others are shown by some, or made up. */
    private static final List<String> COMPARED = List.of(
            "Env",
            "Cmd",
            "Entrypoint",
            "WorkingDir",
            "User",
            "Labels",
            "ExposedPorts",
            "Volumes",
            "StopSignal",
            "Healthcheck",
            "OnBuild",
            "Shell");

    /**
     * Reads the inspect of an image.
     *
     * @param idIsConfig whether the engine takes the digest of the configuration for its id
     */
    public static ImageSpec ofInspect(JsonObject inspect, boolean idIsConfig) throws IOException {
        String id = withAlgorithm(inspect.string("Id"));
        String os = inspect.optionalString("Os").orElse("");
        return new ImageSpec(
                id,
                idIsConfig ? Optional.of(id) : Optional.empty(),
                inspect.object("RootFS").strings("Layers"),
                inspect.strings("RepoTags"),
                inspect.strings("RepoDigests"),
                os.isEmpty()
                        ? ""
                        : os + "/" + inspect.optionalString("Architecture").orElse(""),
                inspect.optionalString("Created")
                        .filter(time -> !time.startsWith("0001-"))
                        .orElse(""),
                inspect.has("Config") ? Optional.of(inspect.object("Config")) : Optional.empty());
    }

    /**
     * Reads the configuration of an image: OCI image-spec 1.1, config.md.
     *
     * @param id digest of its manifest or index, or else of its configuration
     */
    public static ImageSpec ofConfig(
            JsonObject config, String id, String configDigest, List<String> tags, List<String> digests)
            throws IOException {
        return new ImageSpec(
                id,
                Optional.of(configDigest),
                config.objectOrEmpty("rootfs").strings("diff_ids"),
                tags,
                digests,
                config.optionalString("os").orElse("linux") + "/"
                        + config.optionalString("architecture").orElse(""),
                config.optionalString("created").orElse(""),
                config.has("config") ? Optional.of(config.object("config")) : Optional.empty());
    }

    /** What is known of an image that the engine does not have any more. */
    public static ImageSpec missing(String id) {
        return new ImageSpec(
                withAlgorithm(id), Optional.empty(), List.of(), List.of(), List.of(), "", "", Optional.empty());
    }

    /** Some engines leave out the name of the algorithm. */
    private static String withAlgorithm(String id) {
        return id.matches("[0-9a-f]{64}") ? "sha256:" + id : id;
    }

    /** Returns a copy whose configuration has a known digest. */
    public ImageSpec withConfigDigest(String digest) {
        return new ImageSpec(id, Optional.of(digest), layers, tags, digests, platform, created, config);
    }

    /** What identifies it on every engine, as far as it is known. */
    public String identity() {
        return configDigest.orElse(id);
    }

    /** Ids that an engine may know it by. */
    public Set<String> ids() {
        Set<String> ids = new LinkedHashSet<>(Set.of(id));
        configDigest.ifPresent(ids::add);
        return ids;
    }

    /** Whether it is referred to by digest only, as after {@code docker pull name@sha256:...}. */
    public boolean isPinned() {
        return tags.stream().allMatch(tag -> tag.contains("@")) && !(tags.isEmpty() && digests.isEmpty());
    }

    /**
     * Whether two images are the same: by their ids, or, where two engines have different ids for one image, by their
     * layers and configuration.
     */
    public boolean isSame(ImageSpec other) throws IOException {
        if (ids().stream().anyMatch(other.ids()::contains)) {
            return true;
        }
        boolean comparable = (configDigest.isEmpty() || other.configDigest.isEmpty())
                && !layers.isEmpty()
                && config.isPresent()
                && other.config.isPresent();
        return comparable
                && layers.equals(other.layers)
                && platform.equals(other.platform)
                && created.equals(other.created)
                && compared(config.get()).equals(compared(other.config.get()));
    }

    private static Map<String, Object> compared(JsonObject config) {
        Map<String, Object> fields = new TreeMap<>();
        for (String field : COMPARED) {
            Object value = config.members().get(field);
            boolean empty = value == null
                    || value.equals("")
                    || value instanceof List<?> list && list.isEmpty()
                    || value instanceof Map<?, ?> map && map.isEmpty();
            if (!empty) {
                fields.put(field, value);
            }
        }
        return fields;
    }

    /** Writes it as a part of a document. */
    public JsonObject toJson() {
        JsonObject json = JsonObject.create()
                .put("id", id)
                .put("configDigest", configDigest)
                .put("layers", layers)
                .put("tags", tags)
                .put("digests", digests)
                .put("platform", platform)
                .put("created", created);
        config.ifPresent(c -> json.put("config", c));
        return json;
    }

    /** Reads it from a document. */
    public static ImageSpec from(JsonObject json) throws IOException {
        return new ImageSpec(
                json.string("id"),
                json.optionalString("configDigest"),
                json.strings("layers"),
                json.strings("tags"),
                json.strings("digests"),
                json.optionalString("platform").orElse(""),
                json.optionalString("created").orElse(""),
                json.has("config") ? Optional.of(json.object("config")) : Optional.empty());
    }
}
