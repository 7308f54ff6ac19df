package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Compares the container that an engine created with the one that was captured: an engine may ignore what it was asked
 * for, or make something else of it. What the plan changed is no difference, nor is what an engine makes up by itself.
 */
final class ConfigurationCheck {
    /** What every engine chooses by itself, or what is compared in another way. */
    private static final Set<String> IGNORED = Set.of(
            "Config.Hostname",
            "Config.Image",
            "Config.Volumes",
            "Config.AttachStdin",
            "Config.AttachStdout",
            "Config.AttachStderr",
            "HostConfig.Binds",
            "HostConfig.Mounts",
            "HostConfig.VolumesFrom",
            // Size of the terminal, and a path on the client's side.
            "HostConfig.ConsoleSize",
            "HostConfig.ContainerIDFile");

    /** What an engine sets by itself where nothing was chosen. */
    private static final Set<String> DEFAULTS = Set.of(
            "HostConfig.IpcMode",
            "HostConfig.ShmSize",
            "HostConfig.PidsLimit",
            "HostConfig.Ulimits",
            "Config.StopTimeout",
            "Config.WorkingDir");

    /** Words of one engine, which another may not have: its runtimes, its paths, its logs. */
    private static final Set<String> OWN_WORDS = Set.of(
            "HostConfig.Runtime",
            "HostConfig.Isolation",
            "HostConfig.CgroupnsMode",
            "HostConfig.MaskedPaths",
            "HostConfig.ReadonlyPaths",
            "HostConfig.LogConfig.Type",
            "HostConfig.LogConfig.Config");

    private boolean userOfImage;
    private final List<String> differences = new ArrayList<>();

    private ConfigurationCheck() {}

    /**
     * Returns the differences that were not asked for: path, captured value, value now.
     *
     * @param settings what was asked for in the place of what was captured
     * @param sent the call that created it
     */
    static List<String> differences(
            ContainerSpec captured, ContainerSettings settings, JsonObject sent, ContainerSpec created)
            throws IOException {
        ConfigurationCheck check = new ConfigurationCheck();
        // An empty one is that of the image.
        check.userOfImage = settings.user().filter(String::isEmpty).isPresent();
        check.config(settings.applied(captured.config()), sent, created.config());
        check.compare(
                "HostConfig",
                captured.hostConfig().members(),
                sent.objectOrEmpty("HostConfig").members(),
                created.hostConfig().members());
        check.mounts(sent, created);
        return check.differences;
    }

    private void config(JsonObject captured, JsonObject sent, JsonObject created) {
        Map<String, @Nullable Object> asked = new HashMap<>(sent.members());
        asked.remove("HostConfig");
        asked.remove("NetworkingConfig");
        compare("Config", captured.members(), asked, created.members());
    }

    private void compare(String path, @Nullable Object captured, @Nullable Object sent, @Nullable Object created) {
        if (IGNORED.contains(path) || userOfImage && path.equals("Config.User")) {
            return;
        }
        Optional<Object> was = plain(captured);
        Optional<Object> asked = plain(sent);
        Optional<Object> is = plain(created);
        boolean chosenByEngine = was.isEmpty() && (DEFAULTS.contains(path) || OWN_WORDS.contains(path))
                || is.isEmpty() && OWN_WORDS.contains(path);
        if (is.equals(asked) || is.equals(was) || chosenByEngine) {
            return;
        }
        if (isMap(was) && isMap(asked) && isMap(is)) {
            Set<String> names = new TreeSet<>(map(was).keySet());
            names.addAll(map(asked).keySet());
            names.addAll(map(is).keySet());
            for (String name : names) {
                compare(path + "." + name, map(was).get(name), map(asked).get(name), map(is).get(name));
            }
            return;
        }
        boolean onlyMore = was.isPresent()
                && was.get() instanceof Set<?> wanted
                && is.isPresent()
                && is.get() instanceof Set<?> there
                && there.containsAll(wanted);
        if (onlyMore
                || isFreePort(path, asked, is)
                || refersToContainer(asked)
                || path.equals("HostConfig.NetworkMode") && isDefault(was, is)) {
            return;
        }
        differences.add(path + " was " + text(was) + " and is " + text(is));
    }

    /** Podman shows the port that it has chosen as if it had been asked for. */
    private static boolean isFreePort(String path, Optional<Object> asked, Optional<Object> is) {
        if (!path.startsWith("HostConfig.PortBindings.")
                || !(asked.orElse(Set.of()) instanceof Set<?> wanted)
                || !(is.orElse(Set.of()) instanceof Set<?> bindings)) {
            return false;
        }
        Set<Object> withoutPorts = new LinkedHashSet<>();
        for (Object binding : bindings) {
            Map<String, Object> plain = new HashMap<>(map(Optional.of(binding)));
            plain.remove("HostPort");
            withoutPorts.add(plain.isEmpty() ? "" : plain);
        }
        return !bindings.isEmpty() && withoutPorts.equals(wanted);
    }

    /** The plan has found that container, whose id is another one now. */
    private static boolean refersToContainer(Optional<Object> mode) {
        return mode.isPresent() && mode.get() instanceof String text && text.startsWith("container:");
    }

    private static boolean isDefault(Optional<Object> was, Optional<Object> is) {
        Set<String> names = Set.of("default", "bridge", "");
        return names.contains(String.valueOf(was.orElse(""))) && names.contains(String.valueOf(is.orElse("")));
    }

    private static boolean isMap(Optional<Object> value) {
        return value.isEmpty() || value.get() instanceof Map<?, ?>;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Optional<Object> value) {
        return value.isPresent() ? (Map<String, Object>) value.get() : Map.of();
    }

    /** Null, missing, empty, zero and false are one; so is a list in any order. */
    private static Optional<Object> plain(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> plain = new HashMap<>();
            map.forEach((name, member) -> plain(member).ifPresent(v -> plain.put(String.valueOf(name), v)));
            return plain.isEmpty() ? Optional.empty() : Optional.of(plain);
        }
        if (value instanceof List<?> list) {
            Set<Object> plain = new LinkedHashSet<>();
            list.forEach(item -> plain.add(plain(item).orElse("")));
            return plain.isEmpty() ? Optional.empty() : Optional.of(plain);
        }
        if (value instanceof Number number) {
            return number.doubleValue() == 0 ? Optional.empty() : Optional.of(number.toString());
        }
        if (value == null || value.equals("") || value.equals(false)) {
            return Optional.empty();
        }
        return Optional.of(value);
    }

    private static String text(Optional<Object> value) {
        return value.map(v -> "'" + v + "'").orElse("not set");
    }

    /** Each mount that was asked for is there, and writable as asked. */
    private void mounts(JsonObject sent, ContainerSpec created) throws IOException {
        JsonObject host = sent.objectOrEmpty("HostConfig");
        Map<String, Boolean> readOnly = new HashMap<>();
        for (String bind : host.strings("Binds")) {
            String[] parts = bind.split(":", 3);
            boolean ro = parts.length > 2 && List.of(parts[2].split(",", -1)).contains("ro");
            readOnly.put(parts[Math.min(1, parts.length - 1)], ro);
        }
        for (JsonObject mount : host.objects("Mounts")) {
            if (!mount.string("Type").equals("tmpfs")) {
                readOnly.put(mount.string("Target"), mount.flag("ReadOnly"));
            }
        }
        Map<String, Boolean> writable = new HashMap<>();
        for (MountSpec mount : created.mounts()) {
            writable.put(mount.destination(), mount.writable());
        }
        for (Map.Entry<String, Boolean> wanted : readOnly.entrySet()) {
            String destination = Path.of(wanted.getKey()).normalize().toString();
            Boolean is = writable.get(destination);
            if (is == null) {
                differences.add("nothing is mounted at " + destination);
            } else if (is.equals(wanted.getValue())) {
                differences.add(
                        "the mount at " + destination + " was " + word(!wanted.getValue()) + " and is " + word(is));
            }
        }
    }

    private static String word(boolean writable) {
        return writable ? "writable" : "read-only";
    }
}
