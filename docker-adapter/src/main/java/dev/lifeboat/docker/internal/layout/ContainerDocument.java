package dev.lifeboat.docker.internal.layout;

import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.image.ImageSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code containers/<name>/config.json}: docs/FORMAT.md, section 7.
 *
 * @param container inspect of the container
 * @param image image of the container
 * @param volumes volumes of the container, in the order of their keys
 * @param names names of other containers and of networks that the configuration refers to by id
 * @param paths host paths of bind mounts whose content is in the snapshot
 * @param platform of the engine, such as {@code linux/amd64}
 * @param hostName host name of the engine, which a container in its network or UTS namespace shares
 */
public record ContainerDocument(
        ContainerSpec container,
        ImageSpec image,
        List<CapturedVolume> volumes,
        Map<String, String> names,
        List<String> paths,
        String platform,
        String hostName) {
    /** Returns the encoded document. */
    public byte[] toBytes() {
        List<@Nullable Object> used = new ArrayList<>();
        volumes.forEach(volume -> used.add(volume.toJson().members()));
        return JsonObject.create()
                .put("lifeboat", "container")
                .put("version", 1)
                .put("name", container.name())
                .put("image", image.toJson())
                .put("volumes", used)
                .put("names", new LinkedHashMap<>(names))
                .put("paths", paths)
                .put("platform", platform)
                .put("hostName", hostName)
                .put("inspect", container.inspect())
                .toPrettyBytes();
    }

    /** Parses a document. */
    public static ContainerDocument from(JsonObject json) throws IOException {
        List<CapturedVolume> volumes = new ArrayList<>();
        for (JsonObject volume : json.objects("volumes")) {
            volumes.add(CapturedVolume.from(volume));
        }
        return new ContainerDocument(
                ContainerSpec.of(json.object("inspect")),
                ImageSpec.from(json.object("image")),
                List.copyOf(volumes),
                json.stringMap("names"),
                json.strings("paths"),
                json.optionalString("platform").orElse(""),
                json.optionalString("hostName").orElse(""));
    }

    /**
     * A volume of a container.
     *
     * @param key name of its directory in the snapshot, which stays the same when the container is re-created
     * @param destination mount point in the container
     * @param anonymous whether the volume has a generated name
     * @param volume configuration of the volume
     */
    public record CapturedVolume(String key, String destination, boolean anonymous, VolumeSpec volume) {
        JsonObject toJson() {
            return JsonObject.create()
                    .put("key", key)
                    .put("destination", destination)
                    .put("volume", VolumeDocument.of(volume, anonymous, destination));
        }

        static CapturedVolume from(JsonObject json) throws IOException {
            JsonObject document = json.object("volume");
            return new CapturedVolume(
                    json.string("key"),
                    json.string("destination"),
                    document.flag("anonymous"),
                    VolumeDocument.spec(document));
        }
    }
}
