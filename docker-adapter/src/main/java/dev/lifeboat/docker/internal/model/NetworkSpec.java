package dev.lifeboat.docker.internal.model;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Configuration of a network: its inspect, every field kept.
 *
 * @param name its name
 * @param inspect what the engine says of it
 */
public record NetworkSpec(String name, JsonObject inspect) {
    /** Networks that every engine has, and modes that are no network. */
    private static final Set<String> BUILT_IN = Set.of("default", "bridge", "host", "none", "podman");

    private static final String BRIDGE_NAME = "com.docker.network.bridge.name";

    private static final List<String> FIELDS = List.of(
            "Driver",
            "Internal",
            "Attachable",
            "Ingress",
            "EnableIPv6",
            "IPAM",
            "Options",
            "Labels",
            "Scope",
            "ConfigOnly");

    /** Reads an inspect. */
    public static NetworkSpec of(JsonObject inspect) throws IOException {
        return new NetworkSpec(inspect.string("Name"), inspect);
    }

    /** Whether every engine has a network of that name. */
    public static boolean isBuiltIn(String name) {
        return BUILT_IN.contains(name);
    }

    /** Its id. */
    public String id() throws IOException {
        return inspect.string("Id");
    }

    /** Its driver. */
    public String driver() throws IOException {
        return inspect.optionalString("Driver")
                .filter(driver -> !driver.isEmpty())
                .orElse("bridge");
    }

    /** Its address ranges. */
    public List<Subnet> subnets() throws IOException {
        List<Subnet> subnets = new ArrayList<>();
        for (JsonObject config : inspect.objectOrEmpty("IPAM").objects("Config")) {
            String subnet = config.optionalString("Subnet").orElse("");
            Subnet.parse(subnet).ifPresent(subnets::add);
        }
        return subnets;
    }

    /**
     * Whether the engine chose the address ranges: from its default pools, with the first address as gateway and
     * nothing else set. A user who chose exactly that is taken for the engine: then the ranges are kept where they
     * are free.
     */
    public boolean hasChosenSubnets() throws IOException {
        for (JsonObject config : inspect.objectOrEmpty("IPAM").objects("Config")) {
            boolean plain = config.objectOrEmpty("AuxiliaryAddresses").members().isEmpty()
                    && config.optionalString("IPRange").orElse("").isEmpty();
            Subnet subnet =
                    Subnet.parse(config.optionalString("Subnet").orElse("")).orElse(null);
            String gateway = config.optionalString("Gateway").orElse("").replaceAll("/.*", "");
            if (!plain || subnet == null || !subnet.isDefaultPool() || !gateway.equals(subnet.firstAddress())) {
                return false;
            }
        }
        return true;
    }

    /** Returns how a network that is there differs from this one, which was captured; empty if it does not. */
    public List<String> differences(NetworkSpec there) throws IOException {
        List<String> differences = new ArrayList<>();
        for (String field : new String[] {"Driver", "Internal", "EnableIPv6", "Options", "Labels"}) {
            add(differences, field, plain(inspect, field), plain(there.inspect, field));
        }
        if (!hasChosenSubnets()) {
            add(differences, "IPAM", text(subnets()), text(there.subnets()));
        }
        return differences;
    }

    private static String text(List<Subnet> subnets) {
        return subnets.stream().map(Subnet::toString).sorted().toList().toString();
    }

    /** Missing, null, false and empty are one. */
    private static String plain(JsonObject json, String field) {
        Object value = json.members().get(field);
        String text = value instanceof Map<?, ?> map ? new TreeMap<>(map).toString() : String.valueOf(value);
        return List.of("null", "false", "{}").contains(text) ? "" : text;
    }

    private void add(List<String> differences, String field, String captured, String is) {
        if (!captured.equals(is)) {
            differences.add("network " + name + " exists with another " + field + ", which it keeps: captured '"
                    + captured + "', now '" + is + "'");
        }
    }

    /**
     * Returns the body of the call that creates it.
     *
     * @param newName its name then
     * @param newLabels its labels then
     * @param moves its address ranges then, by its own; empty if the engine chooses
     */
    public JsonObject createBody(String newName, Map<String, String> newLabels, Map<Subnet, Subnet> moves)
            throws IOException {
        JsonObject body = JsonObject.create().put("Name", newName).put("CheckDuplicate", true);
        for (String field : FIELDS) {
            if (inspect.has(field)) {
                body.put(field, inspect.members().get(field));
            }
        }
        if (!newName.equals(name)) {
            // Beside the original a network cannot have its bridge.
            Map<String, String> options = new TreeMap<>(inspect.stringMap("Options"));
            options.remove(BRIDGE_NAME);
            body.put("Options", options);
        }
        body.put("Labels", newLabels);
        if (moves.isEmpty() && !subnets().isEmpty()) {
            body.remove("IPAM");
        } else if (!subnets().isEmpty()) {
            body.put("IPAM", addressManagement(moves));
        }
        return body;
    }

    /** What manages its addresses, with other ranges; those that have no other are left out. */
    private JsonObject addressManagement(Map<Subnet, Subnet> moves) throws IOException {
        List<@Nullable Object> configs = new ArrayList<>();
        JsonObject management = inspect.objectOrEmpty("IPAM").copy();
        for (JsonObject config : management.objects("Config")) {
            Subnet from =
                    Subnet.parse(config.optionalString("Subnet").orElse("")).orElse(null);
            Subnet to = from == null ? null : moves.get(from);
            if (from == null || to == null) {
                continue;
            }
            if (from.equals(to)) {
                configs.add(config.members());
                continue;
            }
            JsonObject moved = config.copy().put("Subnet", to.text());
            config.optionalString("Gateway")
                    .filter(gateway -> !gateway.isEmpty())
                    .flatMap(gateway -> from.moved(gateway.replaceAll("/.*", ""), to))
                    .ifPresent(gateway -> moved.put("Gateway", gateway));
            Subnet.parse(config.optionalString("IPRange").orElse(""))
                    .flatMap(range -> from.movedRange(range, to))
                    .ifPresent(range -> moved.put("IPRange", range.text()));
            Map<String, String> reserved = new TreeMap<>();
            config.stringMap("AuxiliaryAddresses")
                    .forEach((host, address) -> from.moved(address, to).ifPresent(other -> reserved.put(host, other)));
            if (config.has("AuxiliaryAddresses")) {
                moved.put("AuxiliaryAddresses", reserved);
            }
            configs.add(moved.members());
        }
        return management.put("Config", configs);
    }

    /** Its labels. */
    public Map<String, String> labels() {
        try {
            return inspect.stringMap("Labels");
        } catch (IOException e) {
            return Map.of();
        }
    }
}
