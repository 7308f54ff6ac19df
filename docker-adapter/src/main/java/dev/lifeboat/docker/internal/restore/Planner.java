package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.ImageSpec;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.Subnet;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.plan.Conflict;
import dev.lifeboat.docker.plan.PlanStep;
import dev.lifeboat.docker.plan.PlanStep.Action;
import dev.lifeboat.docker.plan.PlanStep.Resource;
import dev.lifeboat.docker.plan.RestorePlan;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Decides how a container is restored: what is created, used, replaced, and what forbids it. Pure: it reads the
 * snapshot, the options and a view of the engine, and changes nothing.
 */
final class Planner {
    private final ContainerDocument document;
    private final Map<String, NetworkSpec> capturedNetworks;
    private final ContainerRestoreOptions options;
    private final EngineView engine;
    private final boolean imageFollows;

    private final List<PlanStep> steps = new ArrayList<>();
    private final List<Conflict> conflicts = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    /**
     * Prepares a plan.
     *
     * @param networks of the snapshot, by name
     * @param imageFollows whether the snapshot has the image, and it is not loaded yet
     */
    Planner(
            ContainerDocument document,
            Map<String, NetworkSpec> networks,
            ContainerRestoreOptions options,
            EngineView engine,
            boolean imageFollows) {
        this.document = document;
        this.capturedNetworks = new TreeMap<>(networks);
        this.options = options;
        this.engine = engine;
        this.imageFollows = imageFollows;
    }

    /**
     * Makes the plan.
     *
     * @throws IOException if the snapshot's documents are damaged
     */
    ContainerPlan plan() throws IOException {
        String name = options.newName().orElse(document.container().name());
        Optional<ContainerSpec> existing = engine.container(name);
        Optional<String> image = image();
        CreateRequest request = new CreateRequest(document, options, engine, conflicts, warnings);
        Map<String, JsonObject> networks = networks();
        List<VolumeSpec> volumes = volumes(request, existing);
        container(name, existing);
        JsonObject body = request.body(image.orElse(document.image().identity()));
        boolean ran = existing.isPresent() && existing.get().state().running();
        boolean start = options.start()
                || options.isInPlace()
                        && (ran
                                || existing.isEmpty()
                                        && document.container().state().running());
        ports(name, existing, start);
        for (CapturedVolume volume : document.volumes()) {
            steps.add(new PlanStep(
                    Action.WRITE,
                    Resource.VOLUME,
                    volume.anonymous() ? "anonymous, at " + volume.destination() : request.volumeName(volume.key()),
                    ""));
        }
        if (start) {
            steps.add(new PlanStep(Action.START, Resource.CONTAINER, name, ""));
        }
        return new ContainerPlan(
                new RestorePlan(steps, conflicts, warnings.stream().distinct().toList()),
                name,
                body,
                request.furtherEndpoints(),
                networks,
                volumes,
                request.volumeNames(),
                document.volumes(),
                options.isInPlace() ? existing : Optional.empty(),
                start);
    }

    /**
     * The name the container used, if it means the same image here; else the image itself. Empty if there is none
     * yet.
     */
    private Optional<String> image() throws IOException {
        ImageSpec captured = document.image();
        String name = document.container().imageName();
        ImageSpec named = engine.images().get(name);
        if (named != null && named.isSame(captured)) {
            steps.add(new PlanStep(Action.USE, Resource.IMAGE, name, ""));
            return Optional.of(name);
        }
        for (ImageSpec image : engine.images().values()) {
            if (image.isSame(captured)) {
                steps.add(new PlanStep(Action.USE, Resource.IMAGE, image.id(), ""));
                warnings.add("the image is referred to by id, since " + name + " is another image here, or none");
                return Optional.of(image.id());
            }
        }
        String id = captured.identity();
        steps.add(new PlanStep(Action.LOAD, Resource.IMAGE, name, id));
        if (!imageFollows) {
            conflicts.add(new Conflict(
                    Conflict.Kind.MISSING_IMAGE,
                    "image " + id,
                    "the engine does not have it, and the snapshot neither",
                    "pull " + name + " first"));
        }
        return Optional.empty();
    }

    private Map<String, JsonObject> networks() throws IOException {
        Map<String, JsonObject> bodies = new LinkedHashMap<>();
        for (Map.Entry<String, NetworkSpec> entry : capturedNetworks.entrySet()) {
            NetworkSpec network = entry.getValue();
            String name = options.remapping().networks().getOrDefault(entry.getKey(), entry.getKey());
            Optional<NetworkSpec> existing = engine.network(name);
            if (existing.isPresent()) {
                steps.add(new PlanStep(Action.USE, Resource.NETWORK, name, ""));
                if (name.equals(network.name())) {
                    warnings.addAll(network.differences(existing.get()));
                }
                continue;
            }
            boolean withAddresses = name.equals(network.name());
            Optional<String> taken = withAddresses ? takenSubnet(network) : Optional.empty();
            if (taken.isPresent()) {
                withAddresses = false;
                if (hasFixedAddresses(entry.getKey()) || !network.hasChosenSubnets()) {
                    conflicts.add(new Conflict(
                            Conflict.Kind.SUBNET_TAKEN,
                            "network " + name,
                            taken.get(),
                            "remove that network, or restore into another one: .network(\"" + entry.getKey()
                                    + "\", \"<other>\")"));
                } else {
                    warnings.add("network " + name + " gets another address range: " + taken.get());
                }
            }
            bodies.put(name, network.createBody(name, withAddresses));
            steps.add(new PlanStep(Action.CREATE, Resource.NETWORK, name, ""));
        }
        return bodies;
    }

    /** Which range of a network is taken, and by which network. */
    private Optional<String> takenSubnet(NetworkSpec network) throws IOException {
        for (Subnet subnet : network.subnets()) {
            for (NetworkSpec other : engine.networks()) {
                for (Subnet used : other.subnets()) {
                    if (used.overlaps(subnet)) {
                        return Optional.of(subnet + " overlaps with " + used + " of network " + other.name());
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** Only in a network with an address range of the user's own can an address be fixed. */
    private boolean hasFixedAddresses(String network) throws IOException {
        JsonObject endpoint = document.container().endpoints().get(network);
        return endpoint != null
                && !endpoint.objectOrEmpty("IPAMConfig").members().isEmpty();
    }

    private List<VolumeSpec> volumes(CreateRequest request, Optional<ContainerSpec> existing) throws IOException {
        List<VolumeSpec> create = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (CapturedVolume volume : document.volumes()) {
            if (volume.anonymous()) {
                for (String shared : options.isInPlace() ? notNew(volume) : List.<String>of()) {
                    checkOtherUsers(shared, existing);
                }
                continue;
            }
            String name = request.volumeName(volume.key());
            if (!names.add(name)) {
                conflicts.add(new Conflict(
                        Conflict.Kind.NAME_TAKEN,
                        "volume " + name,
                        "two volumes of the snapshot are to have this name",
                        "choose another name for one of them: .volume(\"" + volume.key() + "\", \"<other>\")"));
                continue;
            }
            VolumeSpec there = engine.volumes().get(name);
            if (!options.isInPlace() && there != null) {
                conflicts.add(new Conflict(
                        Conflict.Kind.NAME_TAKEN,
                        "volume " + name,
                        "it exists already",
                        "remove it, or choose another name: .volume(\"" + volume.key() + "\", \"<other>\")"));
            } else if (there != null) {
                steps.add(new PlanStep(Action.USE, Resource.VOLUME, name, ""));
                warnings.addAll(volume.volume().differences(there));
                checkOtherUsers(name, existing);
            } else {
                VolumeSpec spec =
                        options.isInPlace() ? volume.volume() : volume.volume().forCopy(name);
                create.add(spec);
                steps.add(new PlanStep(Action.CREATE, Resource.VOLUME, name, ""));
                Optional<String> external = volume.volume().externalStorage();
                if (!options.isInPlace() && external.isPresent()) {
                    warnings.add("volume " + name + " is a plain local one: a copy on " + external.get()
                            + " would write to the storage of the original");
                }
            }
        }
        return create;
    }

    /** Anonymous volumes that the container gets from elsewhere instead of new ones: by their name, or another's. */
    private List<String> notNew(CapturedVolume volume) throws IOException {
        JsonObject host = document.container().hostConfig();
        List<String> shared = new ArrayList<>();
        String name = volume.volume().name();
        boolean byName = host.strings("Binds").stream().anyMatch(bind -> bind.startsWith(name + ":"));
        for (JsonObject mount : host.objects("Mounts")) {
            byName |= mount.optionalString("Source").orElse("").equals(name);
        }
        if (byName) {
            shared.add(name);
        }
        for (String element : host.strings("VolumesFrom")) {
            String reference = ContainerSpec.volumesOwner(element);
            String known = document.names().getOrDefault(reference, reference);
            Optional<ContainerSpec> owner = engine.container(known).or(() -> engine.containerById(reference));
            if (owner.isPresent()) {
                for (MountSpec mount : owner.get().mounts()) {
                    if (mount.isVolume() && mount.destination().equals(volume.destination())) {
                        shared.add(mount.name());
                    }
                }
            }
        }
        return shared;
    }

    private void checkOtherUsers(String volume, Optional<ContainerSpec> existing) throws IOException {
        for (ContainerSpec user : engine.runningUsersOf(volume)) {
            boolean self = existing.isPresent() && existing.get().id().equals(user.id());
            if (!self && !options.volumesInUse()) {
                conflicts.add(new Conflict(
                        Conflict.Kind.VOLUME_IN_USE,
                        "volume " + volume,
                        "container " + user.name() + " is running and uses it, too",
                        "stop that container first, or allow it: .allowVolumesInUse()"));
            }
        }
    }

    private void container(String name, Optional<ContainerSpec> existing) throws IOException {
        if (existing.isEmpty()) {
            steps.add(new PlanStep(Action.CREATE, Resource.CONTAINER, name, ""));
            return;
        }
        ContainerSpec old = existing.get();
        if (!options.isInPlace()) {
            conflicts.add(new Conflict(
                    Conflict.Kind.NAME_TAKEN,
                    "container " + name,
                    "it exists already",
                    "choose another name, or restore in place: containerInPlace()"));
            return;
        }
        if (old.isAutoRemoved() && old.state().running()) {
            conflicts.add(new Conflict(
                    Conflict.Kind.AUTO_REMOVED,
                    "container " + name,
                    "it was run with --rm, so the engine removes it once it is stopped, and it could not be brought back",
                    "remove it first"));
        }
        if (old.state().running()) {
            steps.add(new PlanStep(Action.STOP, Resource.CONTAINER, name, ""));
        }
        steps.add(new PlanStep(Action.REPLACE, Resource.CONTAINER, name, old.shortId()));
        for (ContainerSpec other : engine.containers()) {
            for (String mode : new String[] {"NetworkMode", "PidMode", "IpcMode"}) {
                Optional<String> target = ContainerSpec.containerOf(other.mode(mode));
                if (target.isPresent() && target.get().equals(old.id())) {
                    warnings.add(
                            "container " + other.name() + " shares a namespace of " + name + " (" + mode
                                    + ") and refers to the container that is replaced: create it anew, or it cannot be started");
                }
            }
        }
    }

    private void ports(String name, Optional<ContainerSpec> existing, boolean start) throws IOException {
        if (options.withoutPorts()) {
            return;
        }
        List<PublishedPort> wanted =
                PublishedPort.fixed(document.container().hostConfig().objectOrEmpty("PortBindings"));
        for (ContainerSpec other : engine.containers()) {
            boolean self = options.isInPlace()
                    && existing.isPresent()
                    && existing.get().id().equals(other.id());
            if (self || !other.state().running() || wanted.isEmpty()) {
                continue;
            }
            List<PublishedPort> used = PublishedPort.fixed(
                    other.inspect().objectOrEmpty("NetworkSettings").objectOrEmpty("Ports"));
            for (PublishedPort port : wanted) {
                if (used.stream().noneMatch(port::collidesWith)) {
                    continue;
                }
                String detail = "port " + port + " is published by running container " + other.name();
                if (start) {
                    conflicts.add(new Conflict(
                            Conflict.Kind.PORT_TAKEN,
                            "container " + name,
                            detail,
                            "stop that container, or publish no ports: .withoutPublishedPorts()"));
                } else {
                    warnings.add(detail + ", so the container cannot be started beside it");
                }
            }
        }
    }
}
