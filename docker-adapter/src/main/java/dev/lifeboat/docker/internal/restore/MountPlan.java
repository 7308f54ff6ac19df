package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.internal.restore.RestoreOptions.BindMounts;
import dev.lifeboat.docker.plan.Conflict;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The mounts of the container to create: volumes under their new names, bind mounts as far as the options allow them.
 * A new name is not new storage: a copy never shares a writable host path with the original unless the caller says
 * so.
 */
final class MountPlan {
    private final PlanContext context;
    private final ContainerSpec container;
    private final ContainerDocument document;
    private final RestoreOptions options;
    private final EngineView engine;
    /** Where files cannot be written on the host, the image's files must not be copied into new volumes. */
    private final boolean noCopy;

    private final List<@Nullable Object> binds = new ArrayList<>();
    private final List<@Nullable Object> mounts = new ArrayList<>();

    MountPlan(PlanContext context, ContainerDocument document) {
        this.context = context;
        this.container = document.container();
        this.document = document;
        this.options = context.options();
        this.engine = context.engine();
        this.noCopy = !engine.seesFiles();
    }

    /** Puts the mounts into a host configuration. */
    void apply(JsonObject host) throws IOException {
        for (String bind : host.strings("Binds")) {
            addBind(bind);
        }
        for (JsonObject mount : host.objects("Mounts")) {
            addMount(mount);
        }
        List<String> owners = host.strings("VolumesFrom");
        if (!owners.isEmpty() && (options.isInPlace() || areMembers(owners)) && !missesOwner(owners)) {
            host.put("VolumesFrom", byName(owners));
        } else if (!owners.isEmpty()) {
            // In a copy they would be the original's own.
            host.remove("VolumesFrom");
            addFromOthers();
        }
        if (noCopy) {
            addAnonymous(host.has("VolumesFrom"));
        }
        put(host, "Binds", binds);
        put(host, "Mounts", mounts);
    }

    private static void put(JsonObject host, String field, List<@Nullable Object> values) {
        if (values.isEmpty()) {
            host.remove(field);
        } else {
            host.put(field, values);
        }
    }

    private boolean areMembers(List<String> owners) throws IOException {
        for (String owner : owners) {
            if (!context.isCreated(context.containerName(document, ContainerSpec.volumesOwner(owner)))) {
                return false;
            }
        }
        return true;
    }

    private boolean missesOwner(List<String> owners) throws IOException {
        for (String owner : owners) {
            String reference = ContainerSpec.volumesOwner(owner);
            String name = context.containerName(document, reference);
            if (!context.hasContainer(name) && !context.hasContainer(reference)) {
                context.warn(
                        document,
                        "container " + name + ", whose volumes were mounted, is missing: they are mounted by name");
                return true;
            }
        }
        return false;
    }

    /** Owners by name, since the id of one changes when it is created anew. */
    private List<String> byName(List<String> owners) throws IOException {
        List<String> named = new ArrayList<>();
        for (String owner : owners) {
            String reference = ContainerSpec.volumesOwner(owner);
            String name = context.containerName(document, reference);
            named.add(context.hasContainer(name) ? name + owner.substring(reference.length()) : owner);
        }
        return named;
    }

    /** {@code source:/destination[:options]}; a source that begins with a slash is a path of the host. */
    private void addBind(String bind) {
        String[] parts = bind.split(":", 3);
        String flags = parts.length > 2 ? parts[2] : "";
        if (parts.length < 2) {
            binds.add(bind);
        } else if (parts[0].startsWith("/")) {
            List<String> all = flags.isEmpty() ? List.of() : Arrays.asList(flags.split(",", -1));
            hostPath(parts[0], parts[1], !all.contains("ro"))
                    .ifPresent(path -> binds.add(join(path.source, parts[1], path.readOnly ? readOnly(all) : flags)));
        } else if (isOriginalsOwn(parts[0])) {
            addNewVolume(parts[1], Arrays.asList(flags.split(",", -1)).contains("ro"));
        } else {
            boolean copies = noCopy && !flags.contains("nocopy");
            String more = copies ? flags.isEmpty() ? "nocopy" : flags + ",nocopy" : flags;
            binds.add(join(context.volumeName(parts[0]), parts[1], more));
        }
    }

    private static String join(String source, String destination, String flags) {
        return source + ":" + destination + (flags.isEmpty() ? "" : ":" + flags);
    }

    private static String readOnly(List<String> flags) {
        List<String> changed = new ArrayList<>(flags);
        changed.removeIf(flag -> flag.equals("rw") || flag.equals("ro"));
        changed.add(0, "ro");
        return String.join(",", changed);
    }

    private void addMount(JsonObject mount) throws IOException {
        String type = mount.string("Type");
        JsonObject changed = mount.copy();
        if (type.equals("volume")) {
            addVolume(mount, changed);
        } else if (type.equals("bind")) {
            Optional<HostPath> path = hostPath(mount.string("Source"), mount.string("Target"), !mount.flag("ReadOnly"));
            if (path.isEmpty()) {
                return;
            }
            boolean readOnly = path.get().readOnly || mount.flag("ReadOnly");
            changed.put("Source", path.get().source).put("ReadOnly", readOnly);
        }
        mounts.add(changed.members());
    }

    private void addVolume(JsonObject mount, JsonObject changed) throws IOException {
        String source = mount.optionalString("Source").orElse("");
        boolean named = !source.isEmpty() && !isOriginalsOwn(source);
        if (named) {
            changed.put("Source", context.volumeName(source));
        } else {
            changed.remove("Source");
        }
        JsonObject volumeOptions = mount.objectOrEmpty("VolumeOptions").copy();
        if (!options.isInPlace() && volumeOptions.has("DriverConfig")) {
            Optional<String> external =
                    VolumeSpec.ofMount(volumeOptions.object("DriverConfig")).externalStorage();
            if (named || external.isPresent()) {
                // A named volume is there already, with the driver that a copy gets.
                volumeOptions.remove("DriverConfig");
            }
            if (!named && external.isPresent()) {
                context.warn(
                        document,
                        "the anonymous volume at " + mount.string("Target") + " is a plain local one: a copy on "
                                + external.get() + " would write to the storage of the original");
            }
        }
        if (noCopy) {
            volumeOptions.put("NoCopy", true);
        }
        if (mount.has("VolumeOptions") || noCopy) {
            changed.put("VolumeOptions", volumeOptions);
        }
    }

    /** Compose mounts the anonymous volumes of the container that it replaces by their name; a copy gets new ones. */
    private boolean isOriginalsOwn(String volume) {
        return !options.isInPlace() && VolumeSpec.isAnonymous(volume);
    }

    private void addNewVolume(String destination, boolean readOnly) {
        JsonObject mount = JsonObject.create()
                .put("Type", "volume")
                .put("Target", destination)
                .put("ReadOnly", readOnly);
        if (noCopy) {
            mount.put("VolumeOptions", JsonObject.create().put("NoCopy", true));
        }
        mounts.add(mount.members());
    }

    private record HostPath(String source, boolean readOnly) {}

    /** What becomes of a bind mount; empty if it is left out. */
    private Optional<HostPath> hostPath(String captured, String destination, boolean writable) {
        String remapped = options.remapping().bindMounts().get(captured);
        String source = remapped == null ? captured : remapped;
        boolean shared = remapped == null && !options.isInPlace() && writable;
        if (shared && options.bindMounts() == BindMounts.LEFT_OUT) {
            context.warn(document, "bind mount " + captured + " at " + destination + " is left out");
            return Optional.empty();
        }
        if (shared && options.bindMounts() == BindMounts.REFUSED) {
            context.conflict(
                    Conflict.Kind.SHARED_BIND_MOUNT,
                    "bind mount " + captured,
                    "the copy would write where the original writes, at " + destination,
                    "choose another path: .bindMount(\"" + captured + "\", \"<other>\"); or .withoutBindMounts(), "
                            + ".readOnlyBindMounts() or .sharedBindMounts()");
        }
        if (shared && options.bindMounts() == BindMounts.READ_ONLY) {
            context.warn(document, "bind mount " + captured + " at " + destination + " is read-only");
        }
        if (engine.seesFiles() && !engine.hostPathExists().test(source)) {
            missing(captured, source, destination, remapped != null);
        }
        return Optional.of(new HostPath(source, shared && options.bindMounts() == BindMounts.READ_ONLY));
    }

    /** A path that the caller names is written if the snapshot has its content; any other only if the caller asks. */
    private void missing(String captured, String source, String destination, boolean named) {
        boolean isCaptured = document.paths().contains(captured);
        if (isCaptured && (named || options.missingPaths())) {
            context.write(captured, source);
            return;
        }
        context.conflict(
                Conflict.Kind.MISSING_HOST_PATH,
                "bind mount " + source,
                "it is to be mounted at " + destination + ", and there is no such path on the host",
                "create it, or choose another: .bindMount(\"" + captured + "\", \"<other>\")"
                        + (isCaptured ? "; or have it written from the snapshot: .writeMissingPaths()" : ""));
    }

    /** Mounts that came from other containers, as mounts of this one. */
    private void addFromOthers() throws IOException {
        Set<String> own = ownDestinations();
        for (MountSpec mount : container.mounts()) {
            if (own.contains(mount.destination())) {
                continue;
            }
            String flags = mount.writable() ? "" : "ro";
            if (mount.isBind()) {
                addBind(join(mount.source(), mount.destination(), flags));
            } else {
                addBind(join(mount.name(), mount.destination(), flags));
            }
        }
    }

    /** Where the container itself mounts something, without what comes from other containers. */
    private Set<String> ownDestinations() throws IOException {
        Set<String> own = new HashSet<>(
                container.config().objectOrEmpty("Volumes").members().keySet());
        for (String bind : container.hostConfig().strings("Binds")) {
            own.add(destination(bind));
        }
        for (JsonObject mount : container.hostConfig().objects("Mounts")) {
            own.add(mount.string("Target"));
        }
        return own;
    }

    /**
     * Anonymous volumes that the image declares, so that its files are not copied into them.
     *
     * @param others whether volumes come from other containers; these are not to be covered
     */
    private void addAnonymous(boolean others) throws IOException {
        Set<String> own = ownDestinations();
        for (CapturedVolume volume : document.volumes()) {
            String target = volume.destination();
            if (!volume.anonymous() || isListed(target) || others && !own.contains(target)) {
                continue;
            }
            VolumeSpec spec =
                    options.isInPlace() ? volume.volume() : volume.volume().forCopy("");
            JsonObject driver = JsonObject.create().put("Name", spec.driver()).put("Options", spec.options());
            mounts.add(JsonObject.create()
                    .put("Type", "volume")
                    .put("Target", target)
                    .put(
                            "VolumeOptions",
                            JsonObject.create()
                                    .put("NoCopy", true)
                                    .put("Labels", spec.labels())
                                    .put("DriverConfig", driver))
                    .members());
        }
    }

    private boolean isListed(String target) {
        return mounts.stream().anyMatch(m -> m instanceof Map<?, ?> mount && target.equals(mount.get("Target")))
                || binds.stream().anyMatch(b -> b instanceof String bind && target.equals(destination(bind)));
    }

    private static String destination(String bind) {
        String[] parts = bind.split(":", 3);
        return parts.length > 1 ? parts[1] : parts[0];
    }
}
