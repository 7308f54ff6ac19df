package dev.lifeboat.docker.internal.restore;

import java.util.Map;
import java.util.Optional;

/**
 * What undoes one change of a restore: as data, so that another process can do it if this one is killed.
 *
 * @param action what is done
 * @param name name of the resource; of a container that is renamed, the name that it gets back
 * @param id its id; of a volume the time when it was created; or a name that no other resource has. Empty if it is
 *     about to be created under a name that others may use
 */
record UndoStep(Action action, String name, String id) {
    private static final String ACTION = "action";
    private static final String NAME = "name";
    private static final String ID = "id";

    /** Kinds of steps. */
    enum Action {
        REMOVE_NETWORK("network"),
        REMOVE_VOLUME("volume"),
        REMOVE_CONTAINER("container"),
        /** A container that is replaced gets its name back. */
        RENAME("container"),
        /** A container that is replaced is started again. */
        START("container"),
        /** A container that is replaced is started again, and paused. */
        START_PAUSED("container");

        private final String resource;

        Action(String resource) {
            this.resource = resource;
        }
    }

    /** Whether a resource of that name may be another one. */
    boolean isUncertain() {
        return id.isEmpty();
    }

    /** The step once the resource is created. */
    UndoStep withId(String newId) {
        return new UndoStep(action, name, newId);
    }

    Map<String, String> toValues() {
        return Map.of(ACTION, action.name(), NAME, name, ID, id);
    }

    /** Reads a step; empty if the values are not those of one. */
    static Optional<UndoStep> from(Map<String, String> values) {
        String name = values.getOrDefault(ACTION, "");
        for (Action action : Action.values()) {
            if (action.name().equals(name)) {
                return Optional.of(new UndoStep(action, values.getOrDefault(NAME, ""), values.getOrDefault(ID, "")));
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return action.resource + " " + name;
    }
}
