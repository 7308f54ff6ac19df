package dev.lifeboat.docker.internal.model;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Configuration and state of a container: its inspect, every field kept.
 *
 * @param id 64 hex digits
 * @param name without the slash
 * @param mounts in the order of the inspect
 * @param inspect what the engine says of it
 */
public record ContainerSpec(String id, String name, List<MountSpec> mounts, JsonObject inspect) {
    /** How late an engine may note the start of a process. */
    private static final Duration LATE_START = Duration.ofSeconds(10);

    private static final String CONTAINER = "container:";

    /** Reads an inspect. */
    public static ContainerSpec of(JsonObject inspect) throws IOException {
        String name = inspect.string("Name");
        List<MountSpec> mounts = new ArrayList<>();
        for (JsonObject mount : inspect.objects("Mounts")) {
            mounts.add(MountSpec.of(mount));
        }
        return new ContainerSpec(
                inspect.string("Id"), name.startsWith("/") ? name.substring(1) : name, List.copyOf(mounts), inspect);
    }

    /** The part of the id that the engine makes host names and aliases of. */
    public String shortId() {
        return id.substring(0, Math.min(12, id.length()));
    }

    /** The id of its image. */
    public String imageId() throws IOException {
        return inspect.string("Image");
    }

    /** Digest of the manifest that it uses, if its image may have several. */
    public Optional<String> manifestDigest() throws IOException {
        return inspect.objectOrEmpty("ImageManifestDescriptor").optionalString("digest");
    }

    /** What its image was called when it was created. */
    public String imageName() throws IOException {
        return config().optionalString("Image").orElse("");
    }

    /** What the image is merged into. */
    public JsonObject config() throws IOException {
        return inspect.object("Config");
    }

    /** What depends on the host. */
    public JsonObject hostConfig() throws IOException {
        return inspect.object("HostConfig");
    }

    /** Its labels. */
    public Map<String, String> labels() throws IOException {
        return config().stringMap("Labels");
    }

    /** When it was started last; empty if it never was. */
    public String startedAt() throws IOException {
        String time = inspect.object("State").optionalString("StartedAt").orElse("");
        return time.startsWith("0001-") ? "" : time;
    }

    /**
     * A time between the end of its former process and the first line of the one that was started last; empty if there
     * was no former one. Of one that has ended, the end of the former is not known: then it is some time before the
     * start.
     */
    public String printsSince() throws IOException {
        String started = startedAt();
        String finished = inspect.object("State").optionalString("FinishedAt").orElse("");
        if (started.isEmpty() || finished.isEmpty()) {
            return started;
        }
        if (finished.startsWith("0001-")) {
            return "";
        }
        Instant start = OffsetDateTime.parse(started).toInstant();
        Instant end = OffsetDateTime.parse(finished).toInstant();
        Instant first = end.isBefore(start) ? end : start;
        // A busy engine notes the start late: a process that ends at once has then printed, and even ended, before it.
        boolean runs = state().running() && !state().restarting();
        return (runs ? first : first.minus(LATE_START)).toString();
    }

    /** Its state. */
    public State state() throws IOException {
        JsonObject state = inspect.object("State");
        String health = state.objectOrEmpty("Health").optionalString("Status").orElse("");
        return new State(
                state.flag("Running"),
                state.flag("Paused"),
                state.flag("Restarting"),
                state.has("ExitCode") ? state.number("ExitCode") : 0,
                health.equals("none") ? "" : health);
    }

    /**
     * What a container does.
     *
     * @param running whether its process runs; also while it is paused
     * @param paused whether it is paused
     * @param restarting whether its process has ended and the engine is about to start it again
     * @param exitCode of the process that ran last
     * @param health as the engine says it, such as "healthy"; empty without a health check
     */
    public record State(boolean running, boolean paused, boolean restarting, long exitCode, String health) {
        /** Whether its process runs and is not paused. */
        public boolean isActive() {
            return running && !paused && !restarting;
        }
    }

    /**
     * How long after its start the health check runs for the first time; 30 s unless the configuration says
     * otherwise.
     */
    public Duration healthInterval() throws IOException {
        JsonObject check = config().objectOrEmpty("Healthcheck");
        long nanos = check.has("Interval") ? check.number("Interval") : 0;
        return nanos > 0 ? Duration.ofNanos(nanos) : Duration.ofSeconds(30);
    }

    /** Whether the engine removes it once it stops. */
    public boolean isAutoRemoved() throws IOException {
        return hostConfig().flag("AutoRemove");
    }

    /** When the engine starts it again, such as {@code always}; empty if it is not set. */
    public String restartPolicy() throws IOException {
        return hostConfig()
                .objectOrEmpty("RestartPolicy")
                .optionalString("Name")
                .orElse("");
    }

    /** A mode of sharing a namespace, such as {@code NetworkMode}; empty if it is not set. */
    public String mode(String field) throws IOException {
        return hostConfig().optionalString(field).orElse("");
    }

    /** The container that a mode refers to, by name or id; empty if it refers to none. */
    public static Optional<String> containerOf(String mode) {
        return mode.startsWith(CONTAINER) ? Optional.of(mode.substring(CONTAINER.length())) : Optional.empty();
    }

    /** The container that an element of {@code VolumesFrom} refers to, by name or id, without its options. */
    public static String volumesOwner(String element) {
        return element.replaceAll(":.*$", "");
    }

    /** The container that an element of {@code Links} refers to: {@code /db:/web/alias}, or {@code db:alias}. */
    public static String linked(String element) {
        return element.replaceAll("^/|:.*$", "");
    }

    /** Endpoints by the name of their network. */
    public Map<String, JsonObject> endpoints() throws IOException {
        JsonObject networks = inspect.objectOrEmpty("NetworkSettings").objectOrEmpty("Networks");
        Map<String, JsonObject> endpoints = new LinkedHashMap<>();
        for (String network : networks.members().keySet()) {
            endpoints.put(network, networks.object(network));
        }
        return endpoints;
    }
}
