package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.Subnet;
import dev.lifeboat.docker.plan.Conflict;
import dev.lifeboat.docker.plan.PlanStep;
import dev.lifeboat.docker.plan.PlanStep.Action;
import dev.lifeboat.docker.plan.PlanStep.Resource;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The networks to create and to use, and the address ranges that they get. */
final class NetworkPlan {
    private final PlanContext context;
    private final EngineView engine;
    private final List<PlanStep> steps;
    private final Collection<ContainerSpec> replaced;
    private final Map<String, JsonObject> bodies = new LinkedHashMap<>();
    private final Set<String> names = new HashSet<>();
    /** Ranges of the networks that are there, and of those that are planned. */
    private final List<Subnet> used = new ArrayList<>();

    NetworkPlan(PlanContext context, List<PlanStep> steps, Collection<ContainerSpec> replaced) throws IOException {
        this.context = context;
        this.replaced = replaced;
        this.engine = context.engine();
        this.steps = steps;
        for (NetworkSpec network : engine.networks()) {
            used.addAll(network.subnets());
        }
    }

    Map<String, JsonObject> bodies() {
        return bodies;
    }

    void plan(List<String> members) throws IOException {
        for (NetworkSpec network : context.application().networks().values()) {
            if (isNeeded(network)) {
                plan(network);
            }
        }
        for (String key : members) {
            ContainerDocument document = context.application().members().get(key);
            if (document != null) {
                checkAddresses(document.container());
            }
        }
    }

    /** Only some services may be restored; a project as a whole has all of its networks. */
    private boolean isNeeded(NetworkSpec network) throws IOException {
        if (context.options().services().isEmpty()) {
            return true;
        }
        for (ContainerDocument document : context.application().members().values()) {
            if (document.container().endpoints().containsKey(network.name())) {
                return true;
            }
        }
        return false;
    }

    private void plan(NetworkSpec network) throws IOException {
        String name = context.naming().network(network);
        if (!names.add(name) && !context.options().remapping().networks().containsKey(network.name())) {
            context.conflict(
                    Conflict.Kind.NAME_TAKEN,
                    "network " + name,
                    "two networks of the snapshot are to have this name",
                    "choose another name for one of them: .network(\"" + network.name() + "\", \"<other>\")");
            return;
        }
        boolean renamed = !name.equals(network.name());
        Optional<NetworkSpec> existing = engine.network(name);
        if (existing.isPresent()) {
            use(network, name, existing.get());
            return;
        }
        if (!engine.hasNetworkDriver(network.driver())) {
            context.conflict(
                    Conflict.Kind.MISSING_DRIVER,
                    "network " + name,
                    "the engine has no network driver " + network.driver(),
                    "install it, or use another network: .network(\"" + network.name() + "\", \"<other>\")");
        }
        Map<Subnet, Subnet> ranges = ranges(network, name, renamed);
        context.moves(network.name(), ranges);
        used.addAll(ranges.values());
        Map<String, String> labels = context.naming().resourceLabels(network.labels());
        bodies.put(name, network.createBody(name, labels, ranges));
        steps.add(new PlanStep(Action.CREATE, Resource.NETWORK, name, ranges(network, ranges)));
    }

    private static String ranges(NetworkSpec network, Map<Subnet, Subnet> ranges) throws IOException {
        return network.hasChosenSubnets()
                ? ""
                : String.join(", ", ranges.values().stream().map(Subnet::text).toList());
    }

    private void use(NetworkSpec network, String name, NetworkSpec existing) throws IOException {
        steps.add(new PlanStep(Action.USE, Resource.NETWORK, name, ""));
        if (!name.equals(network.name())) {
            return;
        }
        network.differences(existing).forEach(context::warn);
        if (context.naming().isInPlace()) {
            context.moves(network.name(), identity(network));
        }
        if (!context.naming().isInPlace() && context.naming().isProject()) {
            context.warn("the copy joins network " + name
                    + ", which is not the project's own, under the aliases of the original; use another one: .network(\""
                    + name + "\", \"<other>\")");
        }
    }

    private static Map<Subnet, Subnet> identity(NetworkSpec network) throws IOException {
        Map<Subnet, Subnet> ranges = new LinkedHashMap<>();
        network.subnets().forEach(subnet -> ranges.put(subnet, subnet));
        return ranges;
    }

    /** The ranges of a new network by the captured ones; none if the engine chooses. */
    private Map<Subnet, Subnet> ranges(NetworkSpec network, String name, boolean renamed) throws IOException {
        boolean choosable = network.hasChosenSubnets() && !hasFixedAddresses(network.name());
        if (renamed && (choosable || !context.naming().keepsRanges())) {
            return Map.of();
        }
        Map<Subnet, Subnet> ranges = new LinkedHashMap<>();
        for (Subnet subnet : network.subnets()) {
            Optional<Subnet> range = range(network, name, subnet, renamed, choosable);
            if (range.isEmpty() && choosable) {
                return Map.of();
            }
            range.ifPresent(to -> ranges.put(subnet, to));
        }
        return ranges;
    }

    private Optional<Subnet> range(NetworkSpec network, String name, Subnet subnet, boolean renamed, boolean choosable)
            throws IOException {
        String given = context.options().remapping().subnets().get(subnet.text());
        if (given != null) {
            return given(name, subnet, given);
        }
        if (used.stream().noneMatch(subnet::overlaps)) {
            return Optional.of(subnet);
        }
        String taken = taken(subnet);
        if (choosable) {
            context.warn("network " + name + " gets another address range: " + taken);
            return Optional.empty();
        }
        if (renamed) {
            Optional<Subnet> free = subnet.nextFree(used);
            if (free.isPresent()) {
                context.warn("network " + name + " gets address range " + free.get() + ", and fixed addresses in it: "
                        + taken);
                return free;
            }
        }
        context.conflict(
                Conflict.Kind.SUBNET_TAKEN,
                "network " + name,
                taken,
                "remove that network, or restore into another one: .network(\"" + network.name()
                        + "\", \"<other>\")"
                        + "; or choose another range: .subnet(\"" + subnet + "\", \"<other>\")");
        return Optional.empty();
    }

    private Optional<Subnet> given(String name, Subnet subnet, String given) throws IOException {
        Optional<Subnet> range = Subnet.parse(given);
        if (range.isEmpty()
                || range.get().isV4() != subnet.isV4()
                || range.get().bits() > subnet.bits()) {
            context.conflict(
                    Conflict.Kind.SUBNET_TAKEN,
                    "network " + name,
                    "'" + given + "' is no address range that " + subnet + " fits into",
                    "choose one of at least the same size");
            return Optional.empty();
        }
        if (used.stream().anyMatch(range.get()::overlaps)) {
            context.conflict(Conflict.Kind.SUBNET_TAKEN, "network " + name, taken(range.get()), "choose another range");
        }
        return range;
    }

    /** Which network has a range. */
    private String taken(Subnet subnet) throws IOException {
        for (NetworkSpec other : engine.networks()) {
            for (Subnet theirs : other.subnets()) {
                if (theirs.overlaps(subnet)) {
                    return subnet + " overlaps with " + theirs + " of network " + other.name();
                }
            }
        }
        return subnet + " overlaps with that of another network of the snapshot";
    }

    /** Only in a network with an address range of the user's own can an address be fixed. */
    private boolean hasFixedAddresses(String network) throws IOException {
        for (ContainerDocument document : context.application().members().values()) {
            JsonObject endpoint = document.container().endpoints().get(network);
            if (endpoint != null
                    && !endpoint.objectOrEmpty("IPAMConfig").members().isEmpty()) {
                return true;
            }
        }
        return false;
    }

    /** Another container may have the address by now, in a network that is used. */
    private void checkAddresses(ContainerSpec container) throws IOException {
        for (Map.Entry<String, JsonObject> endpoint : container.endpoints().entrySet()) {
            String fixed = endpoint.getValue()
                    .objectOrEmpty("IPAMConfig")
                    .optionalString("IPv4Address")
                    .orElse("");
            if (fixed.isEmpty() || NetworkSpec.isBuiltIn(endpoint.getKey())) {
                continue;
            }
            String network = context.networkName(endpoint.getKey());
            Optional<String> address = context.movedAddress(endpoint.getKey(), fixed);
            if (address.isEmpty() || engine.network(network).isEmpty()) {
                continue;
            }
            for (Map.Entry<String, String> user : users(network, address.get()).entrySet()) {
                context.conflict(
                        Conflict.Kind.ADDRESS_TAKEN,
                        "container " + context.naming().container(container),
                        "address " + address.get() + " in network " + network + " is that of running container "
                                + user.getValue(),
                        "stop that container first");
            }
        }
    }

    private Map<String, String> users(String network, String address) throws IOException {
        Map<String, String> users = new HashMap<>();
        for (ContainerSpec other : engine.containers()) {
            JsonObject endpoint = other.endpoints().get(network);
            boolean own = replaced.stream().anyMatch(old -> old.id().equals(other.id()));
            if (endpoint != null
                    && !own
                    && other.state().running()
                    && endpoint.optionalString("IPAddress").orElse("").equals(address)) {
                users.put(other.id(), other.name());
            }
        }
        return users;
    }
}
