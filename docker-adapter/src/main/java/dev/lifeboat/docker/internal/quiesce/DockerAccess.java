package dev.lifeboat.docker.internal.quiesce;

import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * What another exported package of this module needs of the object for an engine, which shows it to no one else.
 *
 * @param client of the engine
 * @param journal of what is quiesced
 */
public record DockerAccess(EngineClient client, QuiesceJournal journal) {
    private static final Map<Class<?>, Function<Object, DockerAccess>> GRANTED = new ConcurrentHashMap<>();

    /** Grants access to the objects of a class. */
    public static void grant(Class<?> type, Function<Object, DockerAccess> access) {
        GRANTED.put(type, access);
    }

    /**
     * Returns what is behind an object.
     *
     * @throws IllegalArgumentException if its class grants nothing
     */
    public static DockerAccess of(Object docker) {
        Function<Object, DockerAccess> access = GRANTED.get(docker.getClass());
        if (access == null) {
            throw new IllegalArgumentException(docker.getClass() + " is not an engine");
        }
        return access.apply(docker);
    }
}
