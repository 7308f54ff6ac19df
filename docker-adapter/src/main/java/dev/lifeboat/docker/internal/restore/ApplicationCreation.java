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
     * @param labels that all that is created gets besides its own
     * @throws DockerException if there are conflicts; it has all of them
     */
    public static ApplicationCreation plan(
            EngineClient client,
            QuiesceJournal journal,
            Map<String, ContainerDocument> members,
            Map<String, NetworkSpec> networks,
            Optional<String> project,
            RestoreOptions options,
            Map<String, String> labels)
            throws IOException {
        Optional<ProjectDocument> document = project.map(name -> new ProjectDocument(name, "", Map.of(), List.of()));
        CapturedApplication application = CapturedApplication.of(members, networks, document);
        EngineView engine = EngineView.of(client, members.values(), image -> Optional.empty());
        ApplicationPlan plan = new Planner(application, options, engine, image -> false).plan();
        if (!plan.plan().conflicts().isEmpty()) {
            throw DockerException.of(plan.plan().conflicts());
        }
        ApplicationPlan labelled = labelled(plan, labels);
        return new ApplicationCreation(labelled, new RestoreExecutor(client, journal, labelled));
    }

    private static ApplicationPlan labelled(ApplicationPlan plan, Map<String, String> labels) throws IOException {
        Map<String, JsonObject> networks = new TreeMap<>();
        for (Map.Entry<String, JsonObject> network : plan.networks().entrySet()) {
            networks.put(network.getKey(), labelled(network.getValue(), labels));
        }
        List<VolumeSpec> volumes = new ArrayList<>();
        for (VolumeSpec volume : plan.volumes()) {
            volumes.add(
                    new VolumeSpec(volume.name(), volume.driver(), volume.options(), merged(volume.labels(), labels)));
        }
        List<ApplicationPlan.Member> members = new ArrayList<>();
        for (ApplicationPlan.Member member : plan.members()) {
            members.add(new ApplicationPlan.Member(
                    member.key(),
                    member.document(),
                    member.name(),
                    labelled(member.body(), labels),
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

    private static JsonObject labelled(JsonObject body, Map<String, String> labels) throws IOException {
        return body.copy().put("Labels", merged(body.stringMap("Labels"), labels));
    }

    private static Map<String, String> merged(Map<String, String> own, Map<String, String> more) {
        Map<String, String> merged = new TreeMap<>(own);
        merged.putAll(more);
        return merged;
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
