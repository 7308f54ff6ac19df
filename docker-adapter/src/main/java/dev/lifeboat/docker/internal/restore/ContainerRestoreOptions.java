package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.plan.Remapping;
import dev.lifeboat.docker.plan.RestorePlan;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/** How a container is to be restored. Immutable. */
public final class ContainerRestoreOptions {
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

    /** The options while one of them is changed. */
    public static final class Values {
        private Optional<String> newName = Optional.empty();
        /** Whether the container is started in any case. */
        public boolean start;
        /** Whether it publishes no ports. */
        public boolean withoutPorts;
        /** Whether volumes are set back that other running containers use. */
        public boolean volumesInUse;
        /** What a copy does with writable bind mounts that are not remapped. */
        public BindMounts bindMounts = BindMounts.REFUSED;
        /** How long the successor of a replaced container may take to become healthy. */
        public Duration healthTimeout = Duration.ofMinutes(2);
        /** What takes the place of what was captured. */
        public Remapping remapping = Remapping.none();
        /** Receives the plan before anything is changed. */
        public Consumer<? super RestorePlan> onPlan = plan -> {};

        private Values() {}

        private Values(Values other) {
            newName = other.newName;
            start = other.start;
            withoutPorts = other.withoutPorts;
            volumesInUse = other.volumesInUse;
            bindMounts = other.bindMounts;
            healthTimeout = other.healthTimeout;
            remapping = other.remapping;
            onPlan = other.onPlan;
        }
    }

    private ContainerRestoreOptions(Values values) {
        this.values = values;
    }

    /** Returns the options of a restore in place. */
    public static ContainerRestoreOptions inPlace() {
        return new ContainerRestoreOptions(new Values());
    }

    /** Returns the options of a copy under a new name. */
    public static ContainerRestoreOptions copy(String name) {
        Values values = new Values();
        values.newName = Optional.of(name);
        return new ContainerRestoreOptions(values);
    }

    /** Returns a copy with something changed. */
    public ContainerRestoreOptions with(Consumer<Values> change) {
        Values changed = new Values(values);
        change.accept(changed);
        return new ContainerRestoreOptions(changed);
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

    boolean withoutPorts() {
        return values.withoutPorts;
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

    Consumer<? super RestorePlan> onPlan() {
        return values.onPlan;
    }
}
