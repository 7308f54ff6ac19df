package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.Readiness;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.DependencyGraph.Condition;
import dev.lifeboat.docker.plan.StartedContainer;
import dev.lifeboat.docker.plan.StartedContainer.State;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Starts the restored containers in their order, each once those are ready that it waits for. */
final class Startup {
    private final Containers containers;
    private final Readiness readiness;
    private final ApplicationPlan plan;
    private final Map<String, ContainerSpec> created;
    private final Duration patience;
    private final Map<String, ApplicationPlan.Member> started = new HashMap<>();
    private final Map<String, StartedContainer> results = new HashMap<>();

    /**
     * Prepares a startup.
     *
     * @param created containers by key
     * @param patience how long each may take to become healthy
     */
    Startup(Containers containers, ApplicationPlan plan, Map<String, ContainerSpec> created, Duration patience) {
        this.containers = containers;
        this.readiness = new Readiness(containers);
        this.plan = plan;
        this.created = created;
        this.patience = patience;
    }

    /** Starts all that are to run; only those are awaited that others wait for. */
    void start() throws IOException {
        for (ApplicationPlan.Member member : plan.members()) {
            if (!member.start()) {
                continue;
            }
            String unready = unready(member);
            if (unready.isEmpty()) {
                unready = start(member);
            }
            if (!unready.isEmpty()) {
                results.put(
                        member.key(),
                        new StartedContainer(
                                member.name(),
                                State.NOT_STARTED,
                                Duration.ZERO,
                                "it was not started, since " + unready));
            }
        }
    }

    /**
     * Starts a container. If that fails since one whose namespace it shares has ended, that is what is reported.
     *
     * @return why it was not started; empty if it was
     */
    private String start(ApplicationPlan.Member member) throws IOException {
        try {
            containers.start(id(member), member.name());
            started.put(member.key(), member);
            return "";
        } catch (DockerException e) {
            for (String needed : plan.graph().dependencies(member.key()).keySet()) {
                ApplicationPlan.Member other = started.get(needed);
                if (other != null) {
                    StartedContainer result = await(other, Condition.STARTED);
                    boolean runs =
                            Set.of(State.HEALTHY, State.RUNNING, State.STARTING).contains(result.state());
                    if (!runs) {
                        return result.detail();
                    }
                }
            }
            throw e;
        }
    }

    /** Waits for all that were started; returns what became of them, in the order of the start. */
    List<StartedContainer> await() throws IOException {
        List<StartedContainer> all = new ArrayList<>();
        for (ApplicationPlan.Member member : plan.members()) {
            if (started.containsKey(member.key())) {
                await(member, Condition.HEALTHY);
            }
            StartedContainer result = results.get(member.key());
            if (result != null) {
                all.add(result);
            }
        }
        return all;
    }

    private String id(ApplicationPlan.Member member) {
        ContainerSpec container = created.get(member.key());
        if (container == null) {
            throw new IllegalStateException("not created: " + member.name());
        }
        return container.id();
    }

    /** Why a container cannot be started: one that it waits for does not work; empty if it can. */
    private String unready(ApplicationPlan.Member member) throws IOException {
        for (Map.Entry<String, Set<Condition>> needed :
                plan.graph().dependencies(member.key()).entrySet()) {
            StartedContainer known = results.get(needed.getKey());
            if (known != null && known.state() == State.NOT_STARTED) {
                return known.name() + " was not started";
            }
            ApplicationPlan.Member other = started.get(needed.getKey());
            for (Condition condition : needed.getValue()) {
                if (other == null || condition == Condition.STARTED) {
                    continue;
                }
                StartedContainer result = await(other, condition);
                // A health check that runs rarely holds up nothing; a job that has not ended does.
                boolean unsettled = result.state() == State.STARTING && condition == Condition.HEALTHY;
                if (!result.isGood() && !unsettled) {
                    return result.detail();
                }
            }
        }
        return "";
    }

    private StartedContainer await(ApplicationPlan.Member member, Condition condition) throws IOException {
        StartedContainer known = results.get(member.key());
        if (known != null) {
            return known;
        }
        long begun = System.nanoTime();
        Readiness.Result result = condition == Condition.COMPLETED
                ? readiness.awaitEnd(id(member), member.name(), patience)
                : readiness.await(id(member), member.name(), patience);
        StartedContainer became = new StartedContainer(
                member.name(),
                State.valueOf(result.outcome().name()),
                Duration.ofNanos(System.nanoTime() - begun),
                result.detail());
        results.put(member.key(), became);
        return became;
    }
}
