package dev.lifeboat.docker.internal.client;

import com.github.dockerjava.transport.DockerHttpClient.Request;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.process.ProcessIdentity;
import dev.lifeboat.internal.tar.TarHeaders;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

    /** Name of the label of all of them, and of their images; its value says which process has made them. */
    public static final String LABEL = "dev.lifeboat.helper";

    private final EngineClient client;
    private final String image;
    private final String id;

    private HelperContainer(EngineClient client, String image, String id) {
        this.client = client;
        this.image = image;
        this.id = id;
    }

    /** Creates a container that mounts a volume. */
    public static HelperContainer mount(EngineClient client, String volume) throws IOException {
        JsonObject mount = JsonObject.create()
                .put("Type", "volume")
                .put("Source", volume)
                .put("Target", DESTINATION)
                .put("VolumeOptions", Map.of("NoCopy", true));
        return create(
                client,
                JsonObject.create().put("Mounts", List.of(mount.members())),
                "create a container to mount volume " + volume);
    }

    /** Creates a container that mounts nothing. */
    static HelperContainer empty(EngineClient client) throws IOException {
        return create(client, JsonObject.create(), "create a container");
    }

    private static HelperContainer create(EngineClient client, JsonObject hostConfig, String what) throws IOException {
        String image = importEmpty(client);
        boolean made = false;
        try {
            JsonObject body = body(image).put("HostConfig", hostConfig);
            String id = client.post("/containers/create", body, what).string("Id");
            made = true;
            return new HelperContainer(client, image, id);
        } finally {
            if (!made) {
                UninterruptibleCleanup.run(() -> remove(client, image));
            }
        }
    }

    /**
     * Returns why the engine cannot make a container of an image; empty if it can. The container that proves it is
     * removed at once.
     *
     * @throws IOException if the engine does not answer, which proves nothing, or if the container cannot be removed
     */
    public static Optional<String> disproof(EngineClient client, String image) throws IOException {
        List<String> refusal = new ArrayList<>();
        UninterruptibleCleanup.run(() -> {
            String id;
            try {
                id = client.post("/containers/create", body(image), "create a container of image " + image)
                        .string("Id");
            } catch (DockerException e) {
                if (e.kind() == DockerException.Kind.UNREACHABLE) {
                    throw e;
                }
                refusal.add("no container can be made of it: " + e.getMessage());
                return;
            }
            client.delete("/containers/" + id + "?force=1&v=1", "remove container " + id);
        });
        return refusal.stream().findFirst();
    }

    private static JsonObject body(String image) {
        return JsonObject.create()
                .put("Image", image)
                .put("Cmd", List.of("never-started"))
                .put("NetworkDisabled", true)
                .put("Labels", Map.of(LABEL, ProcessIdentity.current().token()));
    }

    /** Imports an image without files and returns its id. A random label makes it another image than all others. */
    private static String importEmpty(EngineClient client) throws IOException {
        String label = "LABEL " + LABEL + "=" + ProcessIdentity.current().token() + "."
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        String answer = client.send(
                Request.Method.POST,
                "/images/create?fromSrc=-&changes=" + EngineClient.encode(label),
                new ByteArrayInputStream(TarHeaders.endOfArchive()),
                "import an empty image");
        Matcher id = Pattern.compile("\"status\"\\s*:\\s*\"(?:sha256:)?([0-9a-f]{64})\"")
                .matcher(answer);
        if (!id.find()) {
            throw new DockerException(
                    DockerException.Kind.REFUSED, "the engine did not import an empty image: " + answer.strip());
        }
        return "sha256:" + id.group(1);
    }

    /**
     * Finds containers that a process of this machine has left that was killed.
     *
     * @return their ids
     */
    public static List<String> abandoned(EngineClient client) throws IOException {
        return labelled(client, "/containers/json?all=1&filters=", ProcessIdentity::isGone);
    }

    private static List<String> labelled(EngineClient client, String list, Predicate<String> chosen)
            throws IOException {
        byte[] filter = JsonObject.create().put("label", List.of(LABEL)).toBytes();
        List<String> ids = new ArrayList<>();
        String query = list + EngineClient.encode(new String(filter, StandardCharsets.UTF_8));
        for (JsonObject summary : client.getList(query, "list what has the label " + LABEL)) {
            if (chosen.test(summary.stringMap("Labels").getOrDefault(LABEL, ""))) {
                ids.add(summary.string("Id"));
            }
        }
        return ids;
    }

    /**
     * Removes what a process of this machine has left that was killed: containers, and their images.
     *
     * @return what was removed
     */
    public static List<String> removeAbandoned(EngineClient client) throws IOException {
        List<String> removed = new ArrayList<>();
        for (String container : abandoned(client)) {
            client.delete("/containers/" + container + "?force=1", "remove container " + container);
            removed.add("container " + container);
        }
        List<String> images = labelled(
                client,
                "/images/json?filters=",
                label -> label.contains(".") && ProcessIdentity.isGone(label.substring(0, label.lastIndexOf('.'))));
        for (String image : images) {
            remove(client, image);
            removed.add("image " + image);
        }
        return removed;
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
