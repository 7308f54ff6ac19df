package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ProjectDocument;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The containers, volumes and networks of an application, created as a restore creates them, but from what is known of
 * a live one. Who asks for it fills and starts them.
 */
public final class ApplicationCreation {
    private final ApplicationPlan plan;
    private final RestoreExecutor executor;

    private ApplicationCreation(ApplicationPlan plan, RestoreExecutor executor) {
        this.plan = plan;
        this.executor = executor;
    }

    /**
     * Plans it; nothing is changed.
     *
     * @param project name of the Compose project that is created as a whole, if it is one
     * @param label name of a label that all that is created gets besides its own; its value begins with the name of
     *     what has it
     * @param value what follows the name in the value; empty for no label
     * @throws DockerException if there are conflicts; it has all of them
     */
    public static ApplicationCreation plan(
            EngineClient client,
            QuiesceJournal journal,
            Map<String, ContainerDocument> members,
            Map<String, NetworkSpec> networks,
            Optional<String> project,
            RestoreOptions options,
            String label,
            String value)
            throws IOException {
        Optional<ProjectDocument> document = project.map(name -> new ProjectDocument(name, "", Map.of(), List.of()));
        CapturedApplication application = CapturedApplication.of(members, networks, document);
        EngineView engine = EngineView.of(client, members.values(), image -> Optional.empty());
        ApplicationPlan plan = new Planner(application, options, engine, image -> false).plan();
        if (!plan.plan().conflicts().isEmpty()) {
            throw DockerException.of(plan.plan().conflicts());
        }
        ApplicationPlan labelled = value.isEmpty() ? plan : new Labels(label, value).added(plan);
        return new ApplicationCreation(labelled, new RestoreExecutor(client, journal, labelled));
    }

    /** A label that is added to what a plan creates. */
    private record Labels(String label, String value) {
        ApplicationPlan added(ApplicationPlan plan) throws IOException {
            Map<String, JsonObject> networks = new TreeMap<>();
            for (Map.Entry<String, JsonObject> network : plan.networks().entrySet()) {
                networks.put(network.getKey(), added(network.getValue(), network.getKey()));
            }
            List<VolumeSpec> volumes = new ArrayList<>();
            for (VolumeSpec volume : plan.volumes()) {
                volumes.add(new VolumeSpec(
                        volume.name(), volume.driver(), volume.options(), added(volume.labels(), volume.name())));
            }
            List<ApplicationPlan.Member> members = new ArrayList<>();
            for (ApplicationPlan.Member member : plan.members()) {
                members.add(new ApplicationPlan.Member(
                        member.key(),
                        member.document(),
                        member.name(),
                        added(member.body(), member.name()),
                        member.endpoints(),
                        member.replaced(),
                        member.start()));
            }
            return new ApplicationPlan(
                    plan.plan(),
                    networks,
                    volumes,
                    members,
                    plan.graph(),
                    plan.captured(),
                    plan.volumeNames(),
                    plan.paths());
        }

        private JsonObject added(JsonObject body, String name) throws IOException {
            return body.copy().put("Labels", added(body.stringMap("Labels"), name));
        }

        private Map<String, String> added(Map<String, String> own, String name) {
            Map<String, String> more = new TreeMap<>(own);
            more.put(label, name + " " + value);
            return more;
        }
    }

    /**
     * Creates all of it; containers are not started.
     *
     * @return the containers by key
     * @throws IOException if something cannot be created; what was is removed
     */
    public Map<String, ContainerSpec> create() throws IOException {
        boolean created = false;
        try {
            Map<String, ContainerSpec> containers = executor.create();
            executor.keep();
            created = true;
            return containers;
        } finally {
            if (!created) {
                executor.undo();
            }
        }
    }

    /** Names of the volumes that it creates; anonymous ones belong to their containers. */
    public List<String> volumes() {
        return plan.volumes().stream().map(VolumeSpec::name).toList();
    }

    /** Names of the networks that it creates. */
    public List<String> networks() {
        return List.copyOf(plan.networks().keySet());
    }
}
