package dev.lifeboat.docker.internal.restore;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ProjectDocument;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The containers, volumes and networks of an application, created as a restore creates them, but from what is known of
 * a live one. Who asks for it fills and starts them. Immutable.
 */
@CheckReturnValue
public final class ApplicationCreation {
    private final EngineClient client;
    private final QuiesceJournal journal;
    private final ApplicationPlan plan;

    private ApplicationCreation(EngineClient client, QuiesceJournal journal, ApplicationPlan plan) {
        this.client = client;
        this.journal = journal;
        this.plan = plan;
    }

    /**
     * Plans it; nothing is changed.
     *
     * @param project name of the Compose project that is created as a whole, if it is one
     * @param otherImages whether all are to be created {@link #from} other images, so that theirs may be gone
     * @throws DockerException if there are conflicts; it has all of them
     */
    public static ApplicationCreation plan(
            EngineClient client,
            QuiesceJournal journal,
            Map<String, ContainerDocument> members,
            Map<String, NetworkSpec> networks,
            Optional<String> project,
            RestoreOptions options,
            boolean otherImages)
            throws IOException {
        Optional<ProjectDocument> document = project.map(name -> new ProjectDocument(name, "", Map.of(), List.of()));
        CapturedApplication application = CapturedApplication.of(members, networks, document);
        EngineView engine = EngineView.of(client, members.values(), image -> Optional.empty());
        ApplicationPlan plan = new Planner(application, options, engine, image -> otherImages).plan();
        if (!plan.plan().conflicts().isEmpty()) {
            throw DockerException.of(plan.plan().conflicts());
        }
        return new ApplicationCreation(client, journal, plan);
    }

    /**
     * Returns one where all that is created has a label besides its own.
     *
     * @param value what follows the name of what has it, and a space, in the value of the label
     */
    public ApplicationCreation labelled(String label, String value) throws IOException {
        return new ApplicationCreation(client, journal, plan.labelled(label, value));
    }

    /**
     * Returns one where containers are created from other images.
     *
     * @param images by the keys of the containers
     */
    public ApplicationCreation from(Map<String, String> images) throws IOException {
        ApplicationPlan changed = plan.with(plan.networks(), plan.volumes(), member -> {
            String image = images.get(member.key());
            return image == null ? member.body() : member.body().copy().put("Image", image);
        });
        return new ApplicationCreation(client, journal, changed);
    }

    /**
     * Creates all of it; containers are not started.
     *
     * @return the containers by key
     * @throws IOException if something cannot be created; what was is removed
     */
    public Map<String, ContainerSpec> create() throws IOException {
        RestoreExecutor executor = new RestoreExecutor(client, journal, plan);
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
