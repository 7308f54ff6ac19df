package dev.lifeboat.docker.internal.model;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The labels that Compose sets on containers, volumes and networks of a project: those of v1 1.29 and v2 2.40, which
 * differ in what they set.
 *
 * @param labels all labels of the resource
 */
public record ComposeLabels(Map<String, String> labels) {
    /** What the names of all these labels begin with. */
    public static final String PREFIX = "com.docker.compose.";
    /** Name of the label that names the project. */
    public static final String PROJECT = PREFIX + "project";
    /** Name of the label with the id of the image; v2 creates a container anew if it is another. */
    public static final String IMAGE = PREFIX + "image";

    private static final String CONFIG_HASH = PREFIX + "config-hash";
    /** The name that a container had while v2 replaced its predecessor. */
    private static final String REPLACE = PREFIX + "replace";

    private static final String WORKING_DIR = PROJECT + ".working_dir";
    private static final String CONFIG_FILES = PROJECT + ".config_files";
    private static final String ENVIRONMENT_FILE = PROJECT + ".environment_file";

    public ComposeLabels {
        labels = Map.copyOf(labels);
    }

    private Optional<String> value(String name) {
        return Optional.ofNullable(labels.get(name))
                .filter(value -> !value.isEmpty())
                .filter(value -> !value.isEmpty());
    }

    /** Name of the project; empty if the resource belongs to none. */
    public Optional<String> project() {
        return value(PROJECT);
    }

    /** Name of the service that a container belongs to. */
    public Optional<String> service() {
        return value(PREFIX + "service");
    }

    /** Number of a container among those of its service; one of {@code compose run} has none in v2. */
    public Optional<String> number() {
        return value(PREFIX + "container-number");
    }

    /** Whether a container was made by {@code compose run}. */
    public boolean isOneOff() {
        return value(PREFIX + "oneoff").orElse("").equalsIgnoreCase("true");
    }

    /** Name of a volume within the project. */
    public Optional<String> volume() {
        return value(PREFIX + "volume");
    }

    /** Name of a network within the project. */
    public Optional<String> network() {
        return value(PREFIX + "network");
    }

    /** A service that another one depends on. */
    public record ServiceDependency(String service, DependencyGraph.Condition condition) {}

    /** The services that must be started first: {@code db:service_healthy:true,cache:service_started:false}. */
    public List<ServiceDependency> dependsOn() {
        List<ServiceDependency> dependencies = new ArrayList<>();
        for (String element : value(PREFIX + "depends_on").orElse("").split(",", -1)) {
            String[] parts = element.split(":", -1);
            if (!parts[0].isEmpty()) {
                dependencies.add(new ServiceDependency(
                        parts[0], DependencyGraph.Condition.ofCompose(parts.length > 1 ? parts[1] : "")));
            }
        }
        return dependencies;
    }

    /** Directory of the project on the machine where Compose ran. */
    public Optional<Path> workingDirectory() {
        return value(WORKING_DIR).flatMap(ComposeLabels::path).filter(Path::isAbsolute);
    }

    /** The compose files. v1 writes them as they were typed, so they are relative to its working directory. */
    public List<Path> configFiles() {
        return files(CONFIG_FILES);
    }

    /** The files of {@code --env-file}. */
    public List<Path> environmentFiles() {
        return files(ENVIRONMENT_FILE);
    }

    private List<Path> files(String label) {
        Optional<Path> directory = workingDirectory();
        List<Path> files = new ArrayList<>();
        for (String name : value(label).orElse("").split(",", -1)) {
            path(name)
                    .map(file -> directory.isPresent() ? directory.get().resolve(file) : file)
                    .filter(file -> !name.isEmpty() && file.isAbsolute())
                    .ifPresent(file -> files.add(file.normalize()));
        }
        return files;
    }

    private static Optional<Path> path(String name) {
        try {
            return Optional.of(Path.of(name));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    /**
     * Returns the labels that a resource has in a copy of the project under another name.
     *
     * @param keepsHash whether the hash of the configuration stays valid: for containers it does, while that of volumes
     *     and networks covers their names
     */
    public Map<String, String> inProject(String name, boolean keepsHash) {
        Map<String, String> changed = new TreeMap<>(labels);
        changed.computeIfPresent(PROJECT, (label, old) -> name);
        changed.remove(REPLACE);
        if (!keepsHash) {
            changed.remove(CONFIG_HASH);
        }
        return changed;
    }
}
