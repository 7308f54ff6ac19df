package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A port of the host that a container publishes.
 *
 * @param address of the host; empty for all
 * @param port number
 * @param protocol such as {@code tcp}
 */
record PublishedPort(String address, String port, String protocol) {
    /** Reads {@code PortBindings} or {@code Ports}; bindings for which the engine chooses a port are left out. */
    static List<PublishedPort> fixed(JsonObject bindings) throws IOException {
        List<PublishedPort> ports = new ArrayList<>();
        for (String exposed : bindings.members().keySet()) {
            if (bindings.members().get(exposed) == null) {
                continue;
            }
            String protocol = exposed.substring(exposed.indexOf('/') + 1);
            for (JsonObject binding : bindings.objects(exposed)) {
                String port = binding.optionalString("HostPort").orElse("");
                if (!port.isEmpty() && !port.equals("0")) {
                    String address = binding.optionalString("HostIp").orElse("");
                    boolean all = address.equals("0.0.0.0") || address.equals("::");
                    ports.add(new PublishedPort(all ? "" : address, port, protocol));
                }
            }
        }
        return ports;
    }

    /** Whether both cannot be published at once. */
    boolean collidesWith(PublishedPort other) {
        return port.equals(other.port)
                && protocol.equals(other.protocol)
                && (address.isEmpty() || other.address.isEmpty() || address.equals(other.address));
    }

    @Override
    public String toString() {
        return (address.isEmpty() ? "" : address + ":") + port + "/" + protocol;
    }
}
