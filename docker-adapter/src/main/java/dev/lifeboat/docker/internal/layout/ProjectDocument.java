package dev.lifeboat.docker.internal.layout;

import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code compose/project.json}: docs/FORMAT.md, section 7.
 *
 * @param name name of the Compose project
 * @param workingDirectory on the machine where Compose ran; empty if it is unknown
 * @param files absolute paths of the files of the project on that machine, by their path in the snapshot
 * @param volumes volumes of the project that no container mounts
 */
public record ProjectDocument(
        String name, String workingDirectory, Map<String, String> files, List<CapturedVolume> volumes) {
    public ProjectDocument {
        files = new TreeMap<>(files);
        volumes = List.copyOf(volumes);
    }

    /** Returns the encoded document. */
    public byte[] toBytes() {
        List<@Nullable Object> unmounted = new ArrayList<>();
        volumes.forEach(volume -> unmounted.add(volume.toJson().members()));
        return JsonObject.create()
                .put("lifeboat", "project")
                .put("version", 1)
                .put("name", name)
                .put("workingDirectory", workingDirectory)
                .put("files", files)
                .put("volumes", unmounted)
                .toPrettyBytes();
    }

    /** Parses a document. */
    public static ProjectDocument from(JsonObject json) throws IOException {
        List<CapturedVolume> volumes = new ArrayList<>();
        for (JsonObject volume : json.objects("volumes")) {
            CapturedVolume unmounted = CapturedVolume.from(volume);
            if (unmounted.anonymous()
                    || !unmounted.key().equals(unmounted.volume().name())) {
                throw new DamagedException(
                        "the document of a project has a volume without a name of its own: " + unmounted.key());
            }
            volumes.add(unmounted);
        }
        return new ProjectDocument(
                json.string("name"),
                json.optionalString("workingDirectory").orElse(""),
                json.stringMap("files"),
                volumes);
    }
}
