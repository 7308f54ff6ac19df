package dev.lifeboat.docker.internal.client;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.engine.EngineInfo.Product;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.PodmanInspect;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The containers of an engine. Thread-safe. */
public final class Containers {
    /** {@code ErrCtrStateInvalid} of Podman's libpod/define. */
    private static final String PODMAN_WRONG_STATE = "container state improper";

    private static final int MAX_LOG_BYTES = 1 << 20;

    private final EngineClient client;

    /** Creates an instance that uses a client, which it does not close. */
    public Containers(EngineClient client) {
        this.client = client;
    }

    /** Inspects a container by name or id. */
    public ContainerSpec inspect(String nameOrId) throws IOException {
        return spec(client.get(path(nameOrId, "/json"), "inspect container " + nameOrId));
    }

    /** Finds a container by its name. An engine also matches prefixes of ids; such a match is ignored. */
    public Optional<ContainerSpec> find(String name) throws IOException {
        Optional<JsonObject> found = client.find(path(name, "/json"), "look for container " + name);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(spec(found.get())).filter(c -> c.name().equals(name));
    }

    private ContainerSpec spec(JsonObject inspect) throws IOException {
        boolean podman = client.info().product() == Product.PODMAN;
        return ContainerSpec.of(podman ? PodmanInspect.translated(inspect) : inspect);
    }

    /** Inspects all containers, running or not. Containers that are removed meanwhile are skipped. */
    public List<ContainerSpec> all() throws IOException {
        return inspected("/containers/json?all=1");
    }

    /** Inspects all containers that mount a volume. */
    public List<ContainerSpec> using(String volume) throws IOException {
        List<ContainerSpec> using = new ArrayList<>();
        for (ContainerSpec container : inspected(filtered("volume", List.of(volume)))) {
            if (container.mounts().stream()
                    .anyMatch(m -> m.isVolume() && m.name().equals(volume))) {
                using.add(container);
            }
        }
        return using;
    }

    /** Inspects all containers that have all of the given labels. */
    public List<ContainerSpec> labelled(List<String> labels) throws IOException {
        return inspected(filtered("label", labels));
    }

    private static String filtered(String filter, List<String> values) {
        byte[] json = JsonObject.create().put(filter, values).toBytes();
        return "/containers/json?all=1&filters=" + EngineClient.encode(new String(json, StandardCharsets.UTF_8));
    }

    private List<ContainerSpec> inspected(String list) throws IOException {
        List<ContainerSpec> all = new ArrayList<>();
        for (JsonObject summary : client.getList(list, "list containers")) {
            String id = summary.string("Id");
            Optional<JsonObject> inspect = client.find(path(id, "/json"), "inspect container " + id);
            if (inspect.isPresent()) {
                all.add(spec(inspect.get()));
            }
        }
        return List.copyOf(all);
    }

    /**
     * Returns the last lines that a container has printed, both ways; frames of the protocol are between the lines.
     *
     * @param since a time as the engine writes it; empty for all
     */
    public String log(String id, String name, String since, int lines) throws IOException {
        String from = since.isEmpty() ? "" : "&since=" + EngineClient.encode(unixTime(since));
        try (InputStream in = client.open(
                path(id, "/logs?stdout=1&stderr=1&tail=" + lines + from), "read the log of container " + name)) {
            return new String(in.readNBytes(MAX_LOG_BYTES), StandardCharsets.UTF_8);
        }
    }

    private static String unixTime(String time) {
        Instant instant = OffsetDateTime.parse(time).toInstant();
        return instant.getEpochSecond() + String.format(Locale.ROOT, ".%09d", instant.getNano());
    }

    /** Creates a container and returns its id. */
    public String create(String name, JsonObject body) throws IOException {
        return client.post("/containers/create?name=" + EngineClient.encode(name), body, "create container " + name)
                .string("Id");
    }

    /** Starts a container. */
    public void start(String id, String name) throws IOException {
        act(id, "start", name);
    }

    /** Stops a container with its own stop signal and time-out. Returns false if it was stopped already. */
    public boolean stop(String id, String name) throws IOException {
        return client.change(path(id, "/stop"), "stop container " + name);
    }

    /** Kills the process of a container and waits for its end. It makes no difference if it has ended. */
    public void kill(String id, String name) throws IOException {
        try {
            act(id, "kill", name);
        } catch (DockerException e) {
            // Podman answers 500 or 409, Docker 409.
            if (inspect(id).state().running()) {
                throw e;
            }
        }
        client.post(path(id, "/wait?condition=not-running"), null, "wait for the end of container " + name);
    }

    /** Pauses a container. Returns false if its state does not allow it: it is paused already, or does not run. */
    public boolean pause(String id, String name) throws IOException {
        try {
            act(id, "pause", name);
            return true;
        } catch (DockerException e) {
            // Podman answers 500. Any other failure may have paused it all the same.
            if (e.kind() == DockerException.Kind.CONFLICT
                    || String.valueOf(e.getMessage()).contains(PODMAN_WRONG_STATE)) {
                return false;
            }
            throw e;
        }
    }

    /** Resumes a paused container. */
    public void unpause(String id, String name) throws IOException {
        act(id, "unpause", name);
    }

    private void act(String id, String verb, String name) throws IOException {
        client.act(path(id, "/" + verb), null, verb + " container " + name);
    }

    /** Renames a container. */
    public void rename(String id, String from, String to) throws IOException {
        client.act(path(id, "/rename?name=" + EngineClient.encode(to)), null, "rename container " + from + " to " + to);
    }

    /** Kills and removes a container and its anonymous volumes. */
    public void remove(String id, String name) throws IOException {
        client.delete(path(id, "?force=1&v=1"), "remove container " + name);
    }

    private static String path(String nameOrId, String rest) {
        return "/containers/" + EngineClient.encode(nameOrId) + rest;
    }
}
