package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.plan.Remapping;
import dev.lifeboat.docker.plan.RestorePlan;
import dev.lifeboat.docker.plan.StartedContainer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** How a container or an application is to be restored. Immutable. */
public final class RestoreOptions {
    private final Values values;

    /** What a copy does with writable bind mounts that are not remapped. */
    public enum BindMounts {
        /** They are a conflict. */
        REFUSED,
        /** The copy has none. */
        LEFT_OUT,
        /** The copy may read them. */
        READ_ONLY,
        /** The copy writes where the original writes. */
        SHARED
    }

    /** What becomes of published ports that are not remapped. */
    public enum Ports {
        /** They are published as before. */
        KEPT,
        /** The engine chooses free ports of the host. */
        FREE,
        /** None are published. */
        NONE
    }

    /** The options while one of them is changed. */
    public static final class Values {
        private Optional<String> newName = Optional.empty();
        private boolean application;
        private boolean project;
        /** Whether the container is started in any case; whether those of a copied application are that ran. */
        public boolean start;
        /** What becomes of published ports. */
        public Ports ports = Ports.KEPT;
        /** Whether containers of a copy have no aliases in networks that the original is in, too. */
        public boolean withoutSharedAliases;
        /** Services, or names of containers, that are restored; empty for all. */
        public Set<String> services = Set.of();
        /** Whether host paths that are missing are written. */
        public boolean missingPaths;
        /** Receives what became of each container that was started. */
        public Consumer<? super StartedContainer> onStarted = started -> {};
        /** Whether volumes are set back that other running containers use. */
        public boolean volumesInUse;
        /** What a copy does with writable bind mounts that are not remapped. */
        public BindMounts bindMounts = BindMounts.REFUSED;
        /** How long the successor of a replaced container may take to become healthy. */
        public Duration healthTimeout = Duration.ofMinutes(2);
        /** What takes the place of what was captured. */
        public Remapping remapping = Remapping.none();
        /** What containers get in the place of captured configuration, by service or name; by "" for a single one. */
        private Map<String, ContainerSettings> settings = Map.of();
        /** Receives the plan before anything is changed. */
        public Consumer<? super RestorePlan> onPlan = plan -> {};
        /** Keeps a copy from everything else; empty if it may reach what the original reaches. */
        public Optional<Isolation> isolation = Optional.empty();

        private Values() {}

        /**
         * Sets a variable of the environment.
         *
         * @param of service or name of a container; "" for a single container
         * @param value empty to leave it out
         */
        public void environment(String of, String name, Optional<String> value) {
            set(of, settings.getOrDefault(of, ContainerSettings.NONE).environment(name, value));
        }

        /**
         * Sets a label.
         *
         * @param of service or name of a container; "" for a single container
         * @param value empty to leave it out
         */
        public void label(String of, String name, Optional<String> value) {
            set(of, settings.getOrDefault(of, ContainerSettings.NONE).label(name, value));
        }

        /**
         * Sets the user.
         *
         * @param of service or name of a container; "" for a single container
         */
        public void user(String of, String user) {
            set(of, settings.getOrDefault(of, ContainerSettings.NONE).user(user));
        }

        private void set(String of, ContainerSettings changed) {
            Map<String, ContainerSettings> more = new TreeMap<>(settings);
            more.put(of, changed);
            settings = Map.copyOf(more);
        }

        private Values(Values other) {
            newName = other.newName;
            application = other.application;
            project = other.project;
            start = other.start;
            ports = other.ports;
            withoutSharedAliases = other.withoutSharedAliases;
            services = other.services;
            missingPaths = other.missingPaths;
            onStarted = other.onStarted;
            volumesInUse = other.volumesInUse;
            bindMounts = other.bindMounts;
            healthTimeout = other.healthTimeout;
            isolation = other.isolation;
            remapping = other.remapping;
            settings = other.settings;
            onPlan = other.onPlan;
        }
    }

    private RestoreOptions(Values values) {
        this.values = values;
    }

    /** Returns the options of a restore in place. */
    public static RestoreOptions inPlace() {
        return new RestoreOptions(new Values());
    }

    /** Returns the options of a copy under a new name. */
    public static RestoreOptions copy(String name) {
        Values values = new Values();
        values.newName = Optional.of(name);
        return new RestoreOptions(values);
    }

    /**
     * Returns the options of a restore of an application in place.
     *
     * @param project whether it is a Compose project
     */
    public static RestoreOptions applicationInPlace(boolean project) {
        Values values = new Values();
        values.application = true;
        values.project = project;
        return new RestoreOptions(values);
    }

    /**
     * Returns the options of a copy of an application under a new name.
     *
     * @param project whether it is a Compose project
     */
    public static RestoreOptions applicationCopy(String name, boolean project) {
        Values values = new Values();
        values.application = true;
        values.project = project;
        values.newName = Optional.of(name);
        return new RestoreOptions(values);
    }

    /** Returns a copy with something changed. */
    public RestoreOptions with(Consumer<Values> change) {
        Values changed = new Values(values);
        change.accept(changed);
        return new RestoreOptions(changed);
    }

    /** The name of a copy; empty in place. */
    public Optional<String> newName() {
        return values.newName;
    }

    boolean isInPlace() {
        return values.newName.isEmpty();
    }

    boolean start() {
        return values.start;
    }

    /** Whether it is about an application; else about one container. */
    public boolean isApplication() {
        return values.application;
    }

    /** Whether it is about a Compose project. */
    boolean isProject() {
        return values.project;
    }

    Ports ports() {
        return values.ports;
    }

    boolean withoutSharedAliases() {
        return values.withoutSharedAliases;
    }

    Set<String> services() {
        return values.services;
    }

    boolean missingPaths() {
        return values.missingPaths;
    }

    Consumer<? super StartedContainer> onStarted() {
        return values.onStarted;
    }

    boolean volumesInUse() {
        return values.volumesInUse;
    }

    BindMounts bindMounts() {
        return values.bindMounts;
    }

    Duration healthTimeout() {
        return values.healthTimeout;
    }

    /** What takes the place of what was captured. */
    public Remapping remapping() {
        return values.remapping;
    }

    Map<String, ContainerSettings> settings() {
        return values.settings;
    }

    Optional<Isolation> isolation() {
        return values.isolation;
    }

    Consumer<? super RestorePlan> onPlan() {
        return values.onPlan;
    }
}
