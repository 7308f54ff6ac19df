package dev.lifeboat.docker.internal.client;

import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The networks of an engine. Thread-safe. */
public final class Networks {
    private final EngineClient client;

    /** Creates an instance that uses a client, which it does not close. */
    public Networks(EngineClient client) {
        this.client = client;
    }

    /** Inspects a network. */
    public NetworkSpec inspect(String nameOrId) throws IOException {
        return NetworkSpec.of(client.get("/networks/" + EngineClient.encode(nameOrId), "inspect network " + nameOrId));
    }

    /** Lists all networks. */
    public List<NetworkSpec> all() throws IOException {
        List<NetworkSpec> all = new ArrayList<>();
        for (JsonObject network : client.getList("/networks", "list networks")) {
            all.add(NetworkSpec.of(network));
        }
        return List.copyOf(all);
    }

    /** Creates a network and returns its id. */
    public String create(String name, JsonObject body) throws IOException {
        return client.post("/networks/create", body, "create network " + name).string("Id");
    }

    /** Connects a container. */
    public void connect(String network, String containerId, String container, JsonObject endpoint) throws IOException {
        client.act(
                "/networks/" + EngineClient.encode(network) + "/connect",
                JsonObject.create().put("Container", containerId).put("EndpointConfig", endpoint),
                "connect container " + container + " to network " + network);
    }

    /** Removes a network that no container is connected to. */
    public void remove(String id, String name) throws IOException {
        client.delete("/networks/" + EngineClient.encode(id), "remove network " + name);
    }
}
