package dev.lifeboat.docker.internal.client;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.TemporaryName;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Containers, volumes and networks with a label that says whose they are. Its value is the name of what has it, a
 * space, and the owner: a label with another name was copied by someone, and says nothing of what has it.
 */
public final class LabelledResources {
    private static final Logger log = LoggerFactory.getLogger(LabelledResources.class);
    private static final int PAUSE_MILLIS = 200;
    private static final int ATTEMPTS = 25;

    private final EngineClient client;
    private final String label;

    public LabelledResources(EngineClient client, String label) {
        this.client = client;
        this.label = label;
    }

    /** Something to remove. */
    public record Resource(String name, Removal removal) {}

    /** A call that another process may make at the same time. */
    @FunctionalInterface
    public interface Removal {
        /** Removes it. */
        void run() throws IOException;
    }

    /** Finds what is to be removed. */
    @FunctionalInterface
    public interface Finder {
        /** Returns it in the order in which it can be removed. */
        List<Resource> find() throws IOException;
    }

    /** Removes something; it makes no difference if it is gone. */
    public static void ignoringGone(Removal removal) throws IOException {
        try {
            removal.run();
        } catch (DockerException e) {
            if (e.kind() != DockerException.Kind.NOT_FOUND) {
                throw e;
            }
        }
    }

    /**
     * Finds what belongs to some owners.
     *
     * @return in the order in which it can be removed
     */
    public List<Resource> of(Predicate<String> owner) throws IOException {
        List<Resource> found = new ArrayList<>();
        for (ContainerSpec container : new Containers(client).labelled(List.of(label))) {
            if (isOf(owner, container.labels(), container.name())) {
                found.add(new Resource(
                        container.name(), () -> new Containers(client).remove(container.id(), container.name())));
            }
        }
        for (VolumeSpec volume : new Volumes(client).all().values()) {
            if (isOf(owner, volume.labels(), volume.name())) {
                found.add(new Resource(volume.name(), () -> new Volumes(client).remove(volume.name())));
            }
        }
        for (NetworkSpec network : new Networks(client).all()) {
            if (isOf(owner, network.labels(), network.name())) {
                found.add(
                        new Resource(network.name(), () -> new Networks(client).remove(network.id(), network.name())));
            }
        }
        return found;
    }

    private boolean isOf(Predicate<String> owner, Map<String, String> labels, String name) {
        // An image of it may have passed the label on: what has it under another name is not of the owner. A process
        // that is killed may leave a container before that has its name.
        String value = labels.getOrDefault(label, "");
        int end = value.indexOf(' ');
        return end > 0 && TemporaryName.isOf(value.substring(0, end), name) && owner.test(value.substring(end + 1));
    }

    /**
     * Removes what is found. The engine may still serve the last request of a process that was just killed, or be about
     * to remove a container that has a volume: it looks again until nothing is left, but not for long.
     *
     * @param removed receives the name of what is removed
     * @return what is still there
     * @throws IOException if the engine does not answer
     */
    public static List<Resource> removeAll(Finder finder, Consumer<String> removed) throws IOException {
        List<Resource> left = finder.find();
        for (int i = 0; !left.isEmpty() && i < ATTEMPTS; i++) {
            if (i > 0) {
                Io.sleep(PAUSE_MILLIS);
            }
            for (Resource resource : left) {
                try {
                    ignoringGone(resource.removal());
                    removed.accept(resource.name());
                } catch (DockerException e) {
                    if (e.kind() == DockerException.Kind.UNREACHABLE) {
                        throw e;
                    }
                    log.debug("what is left is not removed yet [cause={}]", e.getMessage());
                }
            }
            left = finder.find();
        }
        return left;
    }
}
