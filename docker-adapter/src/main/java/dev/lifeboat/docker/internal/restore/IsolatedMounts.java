package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.model.ContainerSpec;
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
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The bind mounts of an isolated application: what the snapshot has is written to a directory of its own; what it does
 * not have is mounted read-only from the host if it is a plain file or directory, and else left out.
 */
final class IsolatedMounts {
    /** Below these, a directory that is mounted read-only may still have a socket that commands the host. */
    private static final List<Path> OF_SYSTEM =
            List.of(Path.of("/run"), Path.of("/var/run"), Path.of("/proc"), Path.of("/sys"), Path.of("/dev"));

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
            Fate fate = fates.computeIfAbsent(parts[0], path -> fate(document, path));
            if (fate == Fate.MOVED) {
                binds.add(bind);
            } else if (fate == Fate.READ_ONLY) {
                binds.add(parts[0] + ":" + parts[1] + ":" + readOnly(parts.length > 2 ? parts[2] : ""));
            }
        }
        put(host, "Binds", binds);
        List<@Nullable Object> mounts = new ArrayList<>();
        for (JsonObject mount : host.objects("Mounts")) {
            if (!mount.string("Type").equals("bind")) {
                if (!mount.string("Type").equals("npipe")) {
                    mounts.add(mount.members());
                }
                continue;
            }
            Fate fate = fates.computeIfAbsent(mount.string("Source"), path -> fate(document, path));
            if (fate != Fate.LEFT_OUT) {
                mounts.add((fate == Fate.MOVED ? mount : mount.copy().put("ReadOnly", true)).members());
            }
        }
        put(host, "Mounts", mounts);
        fromOthers(document, members, host, inspect);
    }

    private static void put(JsonObject host, String field, List<@Nullable Object> values) {
        if (host.has(field)) {
            host.put(field, values);
        }
    }

    private static String readOnly(String flags) {
        List<String> all = new ArrayList<>(Arrays.asList(flags.split(",", -1)));
        all.removeIf(flag -> flag.isEmpty() || flag.equals("rw") || flag.equals("ro") || flag.contains("shared"));
        all.add(0, "ro");
        return String.join(",", all);
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
        try {
            Path real = Path.of(captured).toRealPath();
            boolean system = real.getNameCount() < 2
                    || OF_SYSTEM.stream().anyMatch(real::startsWith)
                    || real.startsWith("/var/lib/docker")
                    || real.startsWith("/var/lib/containers");
            return !system && (Files.isRegularFile(real) || Files.isDirectory(real));
        } catch (IOException e) {
            return false;
        }
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
