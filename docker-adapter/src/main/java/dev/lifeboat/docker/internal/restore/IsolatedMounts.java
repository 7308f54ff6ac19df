package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The mounts of an isolated application. Of bind mounts, what the snapshot has is written to a directory of its own;
 * what it does not have is mounted read-only from the host if it is a plain file, and else left out: a directory may
 * have sockets, and other file systems below it stay writable. Volumes are local ones.
 */
final class IsolatedMounts {
    /** Of an engine that keeps files apart by labels, for the copy's own files: {@code z} and {@code Z}. */
    private static final Set<String> KEPT_FLAGS = Set.of("ro", "rw", "z", "Z");

    private final Path directory;
    private final EngineView engine;
    private final List<String> warnings;
    private final Map<String, String> moved = new TreeMap<>();

    IsolatedMounts(Path directory, EngineView engine, List<String> warnings) {
        this.directory = directory;
        this.engine = engine;
        this.warnings = warnings;
    }

    /** Paths that are written, by captured path. */
    Map<String, String> moved() {
        return moved;
    }

    /** What becomes of a bind mount. */
    private enum Fate {
        MOVED,
        READ_ONLY,
        LEFT_OUT
    }

    void apply(ContainerDocument document, Collection<ContainerDocument> members, JsonObject host, JsonObject inspect)
            throws IOException {
        Map<String, Fate> fates = new TreeMap<>();
        List<@Nullable Object> binds = new ArrayList<>();
        for (String bind : host.strings("Binds")) {
            String[] parts = bind.split(":", 3);
            if (parts.length < 2 || !parts[0].startsWith("/")) {
                binds.add(bind);
                continue;
            }
            String source = normalized(parts[0]);
            Fate fate = fates.computeIfAbsent(source, path -> fate(document, path));
            String flags = fate == Fate.READ_ONLY ? "ro" : kept(parts.length > 2 ? parts[2] : "");
            if (fate != Fate.LEFT_OUT) {
                binds.add(source + ":" + parts[1] + (flags.isEmpty() ? "" : ":" + flags));
            }
        }
        put(host, "Binds", binds);
        List<@Nullable Object> mounts = new ArrayList<>();
        for (JsonObject mount : host.objects("Mounts")) {
            mount(document, mount, fates).ifPresent(kept -> mounts.add(kept.members()));
        }
        put(host, "Mounts", mounts);
        fromOthers(document, members, host, inspect);
    }

    private Optional<JsonObject> mount(ContainerDocument document, JsonObject mount, Map<String, Fate> fates)
            throws IOException {
        String type = mount.string("Type");
        if (type.equals("volume")) {
            return Optional.of(localMount(mount));
        } else if (type.equals("tmpfs")) {
            return Optional.of(mount);
        } else if (type.equals("bind")) {
            String source = normalized(mount.string("Source"));
            Fate fate = fates.computeIfAbsent(source, path -> fate(document, path));
            JsonObject moved = mount.copy().put("Source", source).remove("BindOptions");
            return switch (fate) {
                case MOVED -> Optional.of(moved);
                case READ_ONLY -> Optional.of(moved.put("ReadOnly", true));
                case LEFT_OUT -> Optional.empty();
            };
        }
        warnings.add("container " + document.container().name() + ": the mount of type " + type + " at "
                + mount.string("Target") + " is left out");
        return Optional.empty();
    }

    private static String normalized(String path) {
        return Path.of(path).normalize().toString();
    }

    private static String kept(String flags) {
        return String.join(
                ",",
                Arrays.stream(flags.split(",", -1)).filter(KEPT_FLAGS::contains).toList());
    }

    /** A driver other than the engine's own may keep the volume on another host. */
    private static JsonObject localMount(JsonObject mount) throws IOException {
        JsonObject options = mount.objectOrEmpty("VolumeOptions").copy();
        VolumeSpec spec = VolumeSpec.ofMount(options.objectOrEmpty("DriverConfig"));
        return spec.driver().equals(VolumeSpec.LOCAL)
                ? mount
                : mount.copy()
                        .put("VolumeOptions", options.remove("DriverConfig").members());
    }

    /** A volume as the engine itself keeps it. */
    static CapturedVolume local(CapturedVolume captured) {
        VolumeSpec volume = captured.volume();
        return volume.driver().equals(VolumeSpec.LOCAL)
                ? captured
                : new CapturedVolume(
                        captured.key(),
                        captured.destination(),
                        captured.anonymous(),
                        new VolumeSpec(volume.name(), VolumeSpec.LOCAL, Map.of(), volume.labels()));
    }

    private static void put(JsonObject host, String field, List<@Nullable Object> values) {
        if (host.has(field)) {
            host.put(field, values);
        }
    }

    private Fate fate(ContainerDocument document, String captured) {
        if (document.paths().contains(captured) && engine.seesFiles()) {
            moved.computeIfAbsent(
                    captured,
                    path -> directory.resolve(Integer.toString(moved.size())).toString());
            return Fate.MOVED;
        }
        boolean usable = engine.seesFiles() && isPlain(captured);
        warnings.add("container " + document.container().name() + ": bind mount " + captured
                + (document.paths().contains(captured)
                        ? " cannot be written from here, and "
                        : " is not in the snapshot, and ")
                + (usable ? "that of this host is mounted read-only" : "is left out"));
        return usable ? Fate.READ_ONLY : Fate.LEFT_OUT;
    }

    private static boolean isPlain(String captured) {
        return Files.isRegularFile(Path.of(captured));
    }

    /** Volumes of a container that is not of the application are mounted by name; its bind mounts are not. */
    private static void fromOthers(
            ContainerDocument document, Collection<ContainerDocument> members, JsonObject host, JsonObject inspect)
            throws IOException {
        for (String owner : host.strings("VolumesFrom")) {
            String reference = ContainerSpec.volumesOwner(owner);
            Optional<ContainerDocument> member =
                    IsolatedApplication.find(members, document.names().getOrDefault(reference, reference));
            if (member.isPresent()
                    || IsolatedApplication.find(members, reference).isPresent()) {
                continue;
            }
            List<@Nullable Object> kept = new ArrayList<>();
            for (JsonObject mount : inspect.objects("Mounts")) {
                if (!mount.string("Type").equals("bind")) {
                    kept.add(mount.members());
                }
            }
            inspect.put("Mounts", kept);
        }
    }
}
