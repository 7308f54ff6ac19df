package dev.lifeboat.docker.internal.client;

import com.github.dockerjava.transport.DockerHttpClient.Request;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.tar.TarHeaders;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A container that mounts a volume and is never started. It gives access to the files of a volume that no other
 * container mounts. Its image is imported from an empty tar; closing removes both.
 */
public final class HelperContainer implements AutoCloseable {
    /**
     * Where the volume is mounted. The (empty) image does not have this path, so the engine copies nothing into the
     * volume.
     */
    public static final String DESTINATION = "/volume";

    private final EngineClient client;
    private final String image;
    private final String id;

    private HelperContainer(EngineClient client, String image, String id) {
        this.client = client;
        this.image = image;
        this.id = id;
    }

    public static HelperContainer mount(EngineClient client, String volume) throws IOException {
        String tag = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        String image = "lifeboat-empty:" + tag;
        client.send(
                Request.Method.POST,
                "/images/create?fromSrc=-&repo=lifeboat-empty&tag=" + tag,
                new ByteArrayInputStream(TarHeaders.endOfArchive()),
                "import an empty image");
        boolean made = false;
        try {
            JsonObject mount = JsonObject.create()
                    .put("Type", "volume")
                    .put("Source", volume)
                    .put("Target", DESTINATION)
                    .put("VolumeOptions", Map.of("NoCopy", true));
            JsonObject body = JsonObject.create()
                    .put("Image", image)
                    .put("Cmd", List.of("never-started"))
                    .put("NetworkDisabled", true)
                    .put("Labels", Map.of("dev.lifeboat.helper", "true"))
                    .put("HostConfig", JsonObject.create().put("Mounts", List.of(mount.members())));
            String id = client.post("/containers/create", body, "create a container to mount volume " + volume)
                    .string("Id");
            made = true;
            return new HelperContainer(client, image, id);
        } finally {
            if (!made) {
                UninterruptibleCleanup.run(() -> remove(client, image));
            }
        }
    }

    public String id() {
        return id;
    }

    private static void remove(EngineClient client, String image) throws IOException {
        client.delete("/images/" + EngineClient.encode(image) + "?force=1", "remove image " + image);
    }

    @Override
    public void close() throws IOException {
        UninterruptibleCleanup.run(() -> {
            client.delete("/containers/" + id + "?force=1", "remove container " + id);
            remove(client, image);
        });
    }
}
