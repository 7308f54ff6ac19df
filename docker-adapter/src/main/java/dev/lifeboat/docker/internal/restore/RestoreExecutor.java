package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Networks;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.TemporaryName;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.internal.restore.UndoStep.Action;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Carries out the plan of an application: creates networks, volumes and containers, and at the end removes those that
 * were replaced. Each change adds the step that undoes it to an {@link UndoLog}.
 */
final class RestoreExecutor {
    private static final List<String> SHARED_NAMESPACES = List.of("NetworkMode", "PidMode", "IpcMode");

    private final Containers containers;
    private final Volumes volumes;
    private final Networks networks;
    private final ApplicationPlan plan;
    private final UndoLog undo;
    private final TemporaryName temporary = TemporaryName.next();

    RestoreExecutor(EngineClient client, QuiesceJournal journal, ApplicationPlan plan) {
        this.undo = new UndoLog(client, journal);
        this.containers = new Containers(client);
        this.volumes = new Volumes(client);
        this.networks = new Networks(client);
        this.plan = plan;
    }

    /**
     * Creates all that files can be written into; what is replaced is stopped, and kept under another name.
     *
     * @return the containers by their key
     */
    Map<String, ContainerSpec> create() throws IOException {
        for (Map.Entry<String, JsonObject> network : plan.networks().entrySet()) {
            undo.creating(
                    new UndoStep(Action.REMOVE_NETWORK, network.getKey(), ""),
                    () -> networks.create(network.getKey(), network.getValue()));
        }
        for (VolumeSpec volume : plan.volumes()) {
            undo.create(volumes, volume);
        }
        List<ApplicationPlan.Member> members = plan.members();
        for (int i = members.size() - 1; i >= 0; i--) {
            if (members.get(i).replaced().isPresent()) {
                stop(members.get(i).replaced().get());
            }
        }
        for (ApplicationPlan.Member member : members) {
            if (member.replaced().isPresent()) {
                setAside(member.replaced().get());
            }
        }
        Map<String, String> ids = new HashMap<>();
        Map<String, ContainerSpec> created = new TreeMap<>();
        for (ApplicationPlan.Member member : members) {
            String id = create(member, ids);
            ids.put(member.name(), id);
            created.put(member.key(), containers.inspect(id));
        }
        return created;
    }

    /** Created under a name of its own first, by which it is found if this process is killed before it has an id. */
    private String create(ApplicationPlan.Member member, Map<String, String> ids) throws IOException {
        JsonObject body = withIds(member.body(), ids);
        String first = temporary.ofNew(member.name());
        String id = undo.creating(
                new UndoStep(Action.REMOVE_CONTAINER, member.name(), first), () -> containers.create(first, body));
        containers.rename(id, first, member.name());
        for (Map.Entry<String, JsonObject> endpoint : member.endpoints().entrySet()) {
            networks.connect(endpoint.getKey(), id, member.name(), endpoint.getValue());
        }
        return id;
    }

    /** Compose recognizes a namespace that is shared by the id of the other container only. */
    private static JsonObject withIds(JsonObject body, Map<String, String> ids) throws IOException {
        JsonObject host = body.object("HostConfig").copy();
        for (String field : SHARED_NAMESPACES) {
            Optional<String> other =
                    ContainerSpec.containerOf(host.optionalString(field).orElse(""));
            if (other.isPresent() && ids.containsKey(other.get())) {
                host.put(field, "container:" + ids.get(other.get()));
            }
        }
        return body.copy().put("HostConfig", host);
    }

    private void stop(ContainerSpec old) throws IOException {
        if (!old.state().running() && !old.state().restarting()) {
            return;
        }
        boolean paused = old.state().paused();
        undo.add(new UndoStep(paused ? Action.START_PAUSED : Action.START, old.name(), old.id()));
        if (paused) {
            containers.unpause(old.id(), old.name());
        }
        containers.stop(old.id(), old.name());
    }

    /** Renames the old container, so that both can be there until the new one runs. */
    private void setAside(ContainerSpec old) throws IOException {
        undo.add(new UndoStep(Action.RENAME, old.name(), old.id()));
        containers.rename(old.id(), old.name(), aside(old));
    }

    private String aside(ContainerSpec old) {
        return temporary.ofReplaced(old.name());
    }

    /**
     * All content is written, and containers are about to be started.
     *
     * @param created by key
     */
    void starting(Map<String, ContainerSpec> created) {
        List<String> ids = new ArrayList<>();
        for (ApplicationPlan.Member member : plan.members()) {
            ContainerSpec container = created.get(member.key());
            if (member.start() && container != null) {
                ids.add(container.id());
            }
        }
        undo.starting(ids);
    }

    /**
     * The restored containers are the application from here on: removes those that were replaced.
     *
     * @return what remains of them, for a report; no failure
     */
    List<String> keep() {
        return undo.commit(() -> {
            List<String> left = new ArrayList<>();
            List<ApplicationPlan.Member> members = plan.members();
            for (int i = members.size() - 1; i >= 0; i--) {
                members.get(i).replaced().flatMap(this::removeReplaced).ifPresent(left::add);
            }
            return left;
        });
    }

    private Optional<String> removeReplaced(ContainerSpec old) {
        try {
            UninterruptibleCleanup.run(() -> containers.remove(old.id(), old.name() + ", which was replaced"));
            return Optional.empty();
        } catch (IOException e) {
            return e instanceof DockerException engine && engine.kind() == DockerException.Kind.NOT_FOUND
                    ? Optional.empty()
                    : Optional.of("the container that was replaced is still there as " + aside(old)
                            + "; run: docker rm -v " + aside(old) + " (" + e.getMessage() + ")");
        }
    }

    /** Undoes everything that was done, as far as possible. */
    void undo() throws IOException {
        undo.undo();
    }
}
