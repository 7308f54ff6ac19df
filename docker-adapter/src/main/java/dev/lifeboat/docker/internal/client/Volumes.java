package dev.lifeboat.docker.internal.client;

import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The volumes of an engine. Thread-safe. */
public final class Volumes {
    private final EngineClient client;

    /** Creates an instance that uses a client, which it does not close. */
    public Volumes(EngineClient client) {
        this.client = client;
    }

    /** Inspects a volume; the response includes its mount point. */
    public JsonObject inspect(String name) throws IOException {
        return client.get(path(name), "inspect volume " + name);
    }

    /** Finds a volume. */
    public Optional<JsonObject> find(String name) throws IOException {
        return client.find(path(name), "look for volume " + name);
    }

    /** Returns all volumes by name. */
    public Map<String, VolumeSpec> all() throws IOException {
        Map<String, VolumeSpec> all = new LinkedHashMap<>();
        for (JsonObject volume : client.get("/volumes", "list volumes").objects("Volumes")) {
            VolumeSpec spec = VolumeSpec.ofInspect(volume);
            all.put(spec.name(), spec);
        }
        return all;
    }

    /** Creates a volume, and returns when it was created, which tells it from another one of that name. */
    public String create(VolumeSpec volume) throws IOException {
        JsonObject created = client.post("/volumes/create", volume.createBody(), "create volume " + volume.name());
        return createdAt(created.has("CreatedAt") ? created : inspect(volume.name()));
    }

    /** Returns when a volume was created. */
    public static String createdAt(JsonObject inspect) throws IOException {
        return inspect.optionalString("CreatedAt")
                .filter(time -> !time.isEmpty())
                .orElse("unknown");
    }

    /** Removes a volume that no container uses. */
    public void remove(String name) throws IOException {
        client.delete(path(name), "remove volume " + name);
    }

    private static String path(String name) {
        return "/volumes/" + EngineClient.encode(name);
    }
}
