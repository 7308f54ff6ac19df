package dev.lifeboat.docker.internal.model;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Podman's inspect of a container, as Docker would have written it. Podman shows what it made of the configuration
 * rather than what the user chose, and most of that is no valid part of a container to create: docs/ENGINES.md.
 */
public final class PodmanInspect {
    /** Mount options that Podman adds to every mount. */
    private static final Set<String> OWN_OPTIONS =
            Set.of("rprivate", "private", "rbind", "nosuid", "nodev", "tmpcopyup", "rw");

    private static final List<String> OWN_ANNOTATIONS =
            List.of("io.podman.", "io.container.manager", "org.opencontainers.image.stopSignal", "org.systemd.");
    /** What the engine chooses if the user says nothing. */
    private static final Map<String, String> DEFAULTS =
            Map.of("PidMode", "private", "UTSMode", "private", "IpcMode", "shareable", "Runtime", "oci");

    private static final List<String> SIGNALS = List.of(
            ("NONE HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP"
                            + " TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS")
                    .split(" ", -1));

    private PodmanInspect() {}

    /** Returns an inspect in Docker's words. */
    public static JsonObject translated(JsonObject inspect) throws IOException {
        JsonObject host = inspect.object("HostConfig").copy();
        JsonObject config = inspect.object("Config").copy();
        String id = inspect.string("Id");
        binds(host, config);
        networkMode(host, inspect);
        limits(host);
        annotations(host);
        tmpfs(host);
        derived(host);
        for (Map.Entry<String, String> value : DEFAULTS.entrySet()) {
            if (host.optionalString(value.getKey()).orElse("").equals(value.getValue())) {
                host.remove(value.getKey());
            }
        }
        stopSignal(config);
        environment(config, id.substring(0, Math.min(12, id.length())));
        return inspect.copy().put("HostConfig", host).put("Config", config);
    }

    /** Anonymous volumes are among the binds, under their names. */
    private static void binds(JsonObject host, JsonObject config) throws IOException {
        List<String> binds = new ArrayList<>();
        Map<String, @Nullable Object> anonymous =
                new LinkedHashMap<>(config.objectOrEmpty("Volumes").members());
        for (String bind : host.strings("Binds")) {
            String[] parts = bind.split(":", 3);
            if (parts.length > 1 && VolumeSpec.isAnonymous(parts[0])) {
                anonymous.put(parts[1], Map.of());
            } else {
                String options = parts.length > 2 ? chosen(parts[2]) : "";
                binds.add(String.join(":", List.of(parts).subList(0, Math.min(2, parts.length)))
                        + (options.isEmpty() ? "" : ":" + options));
            }
        }
        if (!anonymous.isEmpty()) {
            config.put("Volumes", anonymous);
        }
        host.put("Binds", binds);
    }

    private static String chosen(String options) {
        List<String> chosen = new ArrayList<>(List.of(options.split(",", -1)));
        chosen.removeIf(OWN_OPTIONS::contains);
        return String.join(",", chosen);
    }

    /** It is {@code bridge} for every network. */
    private static void networkMode(JsonObject host, JsonObject inspect) throws IOException {
        if (!host.optionalString("NetworkMode").orElse("").equals("bridge")) {
            return;
        }
        Set<String> networks = inspect.objectOrEmpty("NetworkSettings")
                .objectOrEmpty("Networks")
                .members()
                .keySet();
        Optional<String> own =
                networks.stream().filter(name -> !NetworkSpec.isBuiltIn(name)).findFirst();
        host.put("NetworkMode", own.orElse("default"));
    }

    /** Named after the constants of setrlimit(2). */
    private static void limits(JsonObject host) throws IOException {
        List<@Nullable Object> limits = new ArrayList<>();
        for (JsonObject limit : host.objects("Ulimits")) {
            String name = limit.string("Name").toLowerCase(Locale.ROOT).replaceFirst("^rlimit_", "");
            limits.add(limit.copy().put("Name", name).members());
        }
        if (!limits.isEmpty()) {
            host.put("Ulimits", limits);
        }
    }

    /** What Podman computed from another field, and refuses beside it. */
    private static void derived(JsonObject host) throws IOException {
        if (host.optionalString("IpcMode").orElse("").matches("host|container:.*")) {
            host.remove("ShmSize");
        }
        if (host.has("NanoCpus") && host.number("NanoCpus") != 0) {
            host.remove("CpuPeriod").remove("CpuQuota");
        }
        List<@Nullable Object> devices = new ArrayList<>();
        for (JsonObject device : host.objects("Devices")) {
            boolean unknown =
                    device.optionalString("CgroupPermissions").orElse("").isEmpty();
            devices.add((unknown ? device.copy().put("CgroupPermissions", "rwm") : device).members());
        }
        if (!devices.isEmpty()) {
            host.put("Devices", devices);
        }
    }

    private static void annotations(JsonObject host) throws IOException {
        Map<String, @Nullable Object> kept =
                new LinkedHashMap<>(host.objectOrEmpty("Annotations").members());
        kept.keySet().removeIf(name -> OWN_ANNOTATIONS.stream().anyMatch(name::startsWith));
        if (kept.isEmpty()) {
            host.remove("Annotations");
        } else {
            host.put("Annotations", kept);
        }
    }

    private static void tmpfs(JsonObject host) throws IOException {
        Map<String, @Nullable Object> mounts = new LinkedHashMap<>();
        for (Map.Entry<String, String> mount : host.stringMap("Tmpfs").entrySet()) {
            mounts.put(mount.getKey(), chosen(mount.getValue()));
        }
        if (!mounts.isEmpty()) {
            host.put("Tmpfs", mounts);
        }
    }

    /** As a number: signal(7), of x86 and ARM. */
    private static void stopSignal(JsonObject config) throws IOException {
        String signal = config.optionalString("StopSignal").orElse("");
        if (signal.matches("[0-9]{1,2}")) {
            int number = Integer.parseInt(signal);
            if (number > 0 && number < SIGNALS.size()) {
                config.put("StopSignal", "SIG" + SIGNALS.get(number));
            }
        }
    }

    private static void environment(JsonObject config, String shortId) throws IOException {
        List<String> kept = new ArrayList<>(config.strings("Env"));
        kept.remove("container=podman");
        kept.remove("HOSTNAME=" + config.optionalString("Hostname").orElse(shortId));
        config.put("Env", kept);
    }
}
