package dev.lifeboat.docker.internal.client;

import com.github.dockerjava.transport.DockerHttpClient.Request;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.engine.EngineInfo.Store;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.image.ImageSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The images of an engine. Thread-safe. */
public final class Images {
    private final EngineClient client;

    /** Creates an instance that uses a client, which it does not close. */
    public Images(EngineClient client) {
        this.client = client;
    }

    /** Inspects an image by name or id. */
    public ImageSpec inspect(String reference) throws IOException {
        return spec(client.get(path(reference) + "/json", "inspect image " + reference));
    }

    /** Finds an image by name or id. */
    public Optional<ImageSpec> find(String reference) throws IOException {
        Optional<JsonObject> found = client.find(path(reference) + "/json", "look for image " + reference);
        return found.isPresent() ? Optional.of(spec(found.get())) : Optional.empty();
    }

    private ImageSpec spec(JsonObject inspect) throws IOException {
        return ImageSpec.ofInspect(inspect, client.info().store() == Store.GRAPH);
    }

    /** Finds an image that is the same as a captured one, whatever its id here. */
    public Optional<ImageSpec> findSame(ImageSpec captured) throws IOException {
        for (String id : captured.ids()) {
            Optional<ImageSpec> found = find(id);
            if (found.isPresent()) {
                return found;
            }
        }
        boolean exact =
                client.info().store() == Store.GRAPH && captured.configDigest().isPresent();
        for (ImageSpec image : exact ? List.<ImageSpec>of() : all()) {
            if (image.isSame(captured)) {
                return Optional.of(image);
            }
        }
        return Optional.empty();
    }

    /** The descriptor of an image's manifest or index. Only engines with the image store of containerd have one. */
    public JsonObject target(ImageSpec image) throws IOException {
        JsonObject inspect = client.get(path(image.id()) + "/json", "inspect image " + image.id());
        return inspect.objectOrEmpty("Descriptor");
    }

    /** Opens the tar of an image, as {@code docker image save} writes it. The caller closes it. */
    public InputStream save(ImageSpec image) throws IOException {
        return client.openPatiently(path(image.id()) + "/get", "save image " + image.id());
    }

    /** Opens the tar of an image with its name, as {@code docker image save} writes it. The caller closes it. */
    public InputStream save(String name) throws IOException {
        return client.openPatiently(path(name) + "/get", "save image " + name);
    }

    /**
     * Loads a tar that {@link #save(String)} has given.
     *
     * @param name of the image in it
     * @throws IOException if the engine does not have an image of that name then
     */
    public void load(InputStream tar, String name) throws IOException {
        String output = client.send(Request.Method.POST, "/images/load?quiet=1", tar, "load image " + name);
        if (find(name).isEmpty()) {
            throw new DockerException(
                    DockerException.Kind.REFUSED, "the engine did not load image " + name + ": " + output.strip());
        }
    }

    /** Gives an image another name, which another image loses if it has it. */
    public void tag(String id, String name) throws IOException {
        int colon = name.indexOf(':', name.lastIndexOf('/') + 1);
        String repository = colon < 0 ? name : name.substring(0, colon);
        String tag = colon < 0 ? "latest" : name.substring(colon + 1);
        client.act(
                path(id) + "/tag?repo=" + EngineClient.encode(repository) + "&tag=" + EngineClient.encode(tag),
                null,
                "tag image " + id + " as " + name);
    }

    /** Removes an image that has at most one name, and that no container uses. */
    public void remove(String id) throws IOException {
        client.delete(path(id), "remove image " + id);
    }

    /**
     * Makes an image of a container and its writable layer. The container is not paused for it.
     *
     * @param name with a tag
     * @param labels of the image, besides those of the container
     */
    public void commit(ContainerSpec container, String name, Map<String, String> labels) throws IOException {
        int colon = name.lastIndexOf(':');
        JsonObject config = JsonObject.create().put("Labels", new TreeMap<>(labels));
        client.post(
                "/commit?pause=false&container=" + container.id() + "&repo="
                        + EngineClient.encode(name.substring(0, colon)) + "&tag="
                        + EngineClient.encode(name.substring(colon + 1)),
                config,
                "make an image of container " + container.name());
    }

    /** Returns the names, with tags, of all images of a repository of this engine. */
    public List<String> named(String repository) throws IOException {
        byte[] filter =
                JsonObject.create().put("reference", List.of(repository)).toBytes();
        String query = EngineClient.encode(new String(filter, StandardCharsets.UTF_8));
        List<String> names = new ArrayList<>();
        for (JsonObject image : client.getList("/images/json?filters=" + query, "list images")) {
            image.strings("RepoTags").stream()
                    .filter(name -> name.startsWith(repository + ":"))
                    .forEach(names::add);
        }
        return names;
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
        return "/images/" + EngineClient.encode(reference);
    }
}
