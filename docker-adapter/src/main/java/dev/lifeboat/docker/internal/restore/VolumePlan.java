package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.model.ComposeLabels;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.plan.Conflict;
import dev.lifeboat.docker.plan.PlanStep;
import dev.lifeboat.docker.plan.PlanStep.Action;
import dev.lifeboat.docker.plan.PlanStep.Resource;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The volumes to create and to write into. */
final class VolumePlan {
    private final PlanContext context;
    private final RestoreOptions options;
    private final EngineView engine;
    private final List<PlanStep> steps;
    private final Collection<ContainerSpec> replaced;
    private final List<VolumeSpec> create = new ArrayList<>();

    VolumePlan(PlanContext context, List<PlanStep> steps, Collection<ContainerSpec> replaced) {
        this.context = context;
        this.options = context.options();
        this.engine = context.engine();
        this.steps = steps;
        this.replaced = replaced;
    }

    List<VolumeSpec> toCreate() {
        return create;
    }

    /** The names of all named volumes, by key. */
    Map<String, String> names() {
        Map<String, String> names = new TreeMap<>();
        for (CapturedVolume volume : context.application().volumes().values()) {
            if (!volume.anonymous()) {
                names.put(volume.key(), context.naming().volume(volume.volume()));
            }
        }
        return names;
    }

    void plan() throws IOException {
        Set<String> names = new HashSet<>();
        for (CapturedVolume volume : context.application().volumes().values()) {
            if (volume.anonymous()) {
                for (String shared : options.isInPlace() ? notNew(volume) : List.<String>of()) {
                    checkOtherUsers(shared);
                }
                continue;
            }
            String name = context.naming().volume(volume.volume());
            if (names.add(name)) {
                plan(volume, name);
            } else {
                context.conflict(
                        Conflict.Kind.NAME_TAKEN,
                        "volume " + name,
                        "two volumes of the snapshot are to have this name",
                        "choose another name for one of them: .volume(\"" + volume.key() + "\", \"<other>\")");
            }
        }
    }

    private void plan(CapturedVolume volume, String name) throws IOException {
        VolumeSpec there = engine.volumes().get(name);
        if (!options.isInPlace() && there != null) {
            context.conflict(
                    Conflict.Kind.NAME_TAKEN,
                    "volume " + name,
                    "it exists already",
                    "remove it, or choose another name: .volume(\"" + volume.key() + "\", \"<other>\")");
        } else if (there != null && isAnothers(volume.volume(), there)) {
            context.conflict(
                    Conflict.Kind.NAME_TAKEN,
                    "volume " + name,
                    "it is there, and belongs to Compose project "
                            + new ComposeLabels(there.labels()).project().orElse(""),
                    "remove it first, or choose another name: .volume(\"" + volume.key() + "\", \"<other>\")");
        } else if (there != null) {
            steps.add(new PlanStep(Action.USE, Resource.VOLUME, name, ""));
            volume.volume().differences(there).forEach(context::warn);
            checkOtherUsers(name);
        } else {
            create(volume.volume(), name);
        }
    }

    private static boolean isAnothers(VolumeSpec captured, VolumeSpec there) {
        Optional<String> theirs = new ComposeLabels(there.labels()).project();
        return theirs.isPresent() && !theirs.equals(new ComposeLabels(captured.labels()).project());
    }

    private void create(VolumeSpec captured, String name) {
        VolumeSpec spec = options.isInPlace()
                ? new VolumeSpec(
                        name,
                        captured.driver(),
                        captured.options(),
                        context.naming().resourceLabels(captured.labels()))
                : captured.forCopy(name, context.naming().resourceLabels(captured.labels()));
        if (!engine.hasVolumeDriver(spec.driver())) {
            context.conflict(
                    Conflict.Kind.MISSING_DRIVER,
                    "volume " + name,
                    "the engine has no volume driver " + spec.driver(),
                    "install it, or create the volume in another way first");
        }
        create.add(spec);
        steps.add(new PlanStep(Action.CREATE, Resource.VOLUME, name, ""));
        Optional<String> external = captured.externalStorage();
        if (!options.isInPlace() && external.isPresent()) {
            context.warn("volume " + name + " is a plain local one: a copy on " + external.get()
                    + " would write to the storage of the original");
        }
    }

    /** The steps that write into volumes, which come after the containers are created. */
    void writes() throws IOException {
        for (CapturedVolume volume : context.application().volumes().values()) {
            steps.add(new PlanStep(
                    Action.WRITE,
                    Resource.VOLUME,
                    volume.anonymous()
                            ? "anonymous, at " + volume.destination() + owner(volume)
                            : context.naming().volume(volume.volume()),
                    ""));
        }
    }

    private String owner(CapturedVolume volume) throws IOException {
        if (context.application().members().size() < 2) {
            return "";
        }
        for (String key : context.application().model().graph().startOrder()) {
            ContainerDocument document = context.application().members().get(key);
            if (document != null
                    && document.volumes().stream().anyMatch(v -> v.key().equals(volume.key()))) {
                return " of " + context.naming().container(document.container());
            }
        }
        return "";
    }

    /** Anonymous volumes that a container gets from elsewhere instead of new ones: by their name, or another's. */
    private List<String> notNew(CapturedVolume volume) throws IOException {
        List<String> shared = new ArrayList<>();
        for (ContainerDocument document : context.application().members().values()) {
            if (document.volumes().stream().noneMatch(v -> v.key().equals(volume.key()))) {
                continue;
            }
            JsonObject host = document.container().hostConfig();
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
                String known = context.containerName(document, reference);
                Optional<ContainerSpec> owner = engine.container(known).or(() -> engine.containerById(reference));
                if (owner.isPresent()) {
                    for (MountSpec mount : owner.get().mounts()) {
                        if (mount.isVolume() && mount.destination().equals(volume.destination())) {
                            shared.add(mount.name());
                        }
                    }
                }
            }
        }
        return shared;
    }

    private void checkOtherUsers(String volume) throws IOException {
        for (ContainerSpec user : engine.runningUsersOf(volume)) {
            boolean self = replaced.stream().anyMatch(old -> old.id().equals(user.id()));
            if (!self && !options.volumesInUse()) {
                context.conflict(
                        Conflict.Kind.VOLUME_IN_USE,
                        "volume " + volume,
                        "container " + user.name() + " is running and uses it, too",
                        "stop that container first, or allow it: .allowVolumesInUse()");
            }
        }
    }
}
