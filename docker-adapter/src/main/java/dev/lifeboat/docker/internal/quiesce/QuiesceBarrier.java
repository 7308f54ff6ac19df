package dev.lifeboat.docker.internal.quiesce;

import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Readiness;
import dev.lifeboat.docker.internal.model.ApplicationModel;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.docker.quiesce.Quiesce.Level;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Quiesces the containers of an application together, so that their files fit each other: each one before those that it
 * depends on, and those that are stopped before those that are paused, since a process that ends may still write to
 * another. Sessions of applications are held from before that until after. Closing resumes them in the reverse order.
 * Thread-safe.
 */
public final class QuiesceBarrier implements QuiesceHandle {
    private static final Logger log = LoggerFactory.getLogger(QuiesceBarrier.class);
    /** How long those that wait for a healthy container wait for it, before they are started all the same. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final EngineClient client;
    private final ApplicationModel model;
    /** In the order in which they were quiesced. */
    private final List<String> quiesced = new ArrayList<>();

    private final Deque<QuiesceHandle> sessions = new ArrayDeque<>();
    private final Map<String, QuiescedContainer.Result> results = new TreeMap<>();
    private final Thread owner = Thread.currentThread();
    private boolean ended;

    private QuiesceBarrier(EngineClient client, ApplicationModel model) {
        this.client = client;
        this.model = model;
    }

    /**
     * How far quiescing got.
     *
     * @param handle resumes the containers
     * @param members what was reached for each container, by key
     */
    public record Result(QuiesceHandle handle, Map<String, QuiescedContainer.Result> members) {}

    /**
     * Quiesces containers.
     *
     * @param requests how, by key
     * @throws IOException if that is impossible for one of them; all are as they were
     */
    public static Result begin(
            EngineClient client, QuiesceJournal journal, ApplicationModel model, Map<String, Quiesce> requests)
            throws IOException {
        if (requests.values().stream().anyMatch(request -> !request.equals(Quiesce.none()))) {
            journal.ready();
            recover(client, journal);
        }
        QuiesceBarrier barrier = new QuiesceBarrier(client, model);
        client.closeBefore(barrier);
        boolean settled = false;
        try {
            for (String key : model.graph().stopOrder()) {
                barrier.beginSession(journal, key, requests.getOrDefault(key, Quiesce.none()));
            }
            for (Level level : List.of(Level.NONE, Level.STOP, Level.PAUSE)) {
                for (String key : model.graph().stopOrder()) {
                    Quiesce request = requests.getOrDefault(key, Quiesce.none());
                    if (request.level() == level) {
                        barrier.quiesce(journal, key, request);
                    }
                }
            }
            settled = true;
        } finally {
            if (!settled) {
                barrier.close();
            }
        }
        boolean any = !barrier.sessions.isEmpty()
                || barrier.results.values().stream().anyMatch(result -> result.handle() != QuiesceHandle.none());
        if (!any) {
            barrier.close();
        }
        return new Result(any ? barrier : QuiesceHandle.none(), Map.copyOf(barrier.results));
    }

    /** What an earlier process has left is resumed; that this fails is no reason not to back up another container. */
    private static void recover(EngineClient client, QuiesceJournal journal) {
        try {
            new QuiesceRecovery(client, journal).run();
        } catch (IOException e) {
            log.warn("containers that another process has quiesced were not resumed [cause={}]", e.toString());
        }
    }

    /** Sessions begin while all containers run, since one may need another. */
    private synchronized void beginSession(QuiesceJournal journal, String key, Quiesce request) throws IOException {
        if (request.session().isEmpty()) {
            return;
        }
        ContainerSpec container = new Containers(client).inspect(member(key).id());
        int order = model.graph().startOrder().indexOf(key);
        QuiesceHandle session =
                HeldSession.begin(client, journal, container, request.session().get(), order);
        if (session != QuiesceHandle.none()) {
            sessions.push(session);
        }
    }

    private ContainerSpec member(String key) throws IOException {
        ContainerSpec container = model.members().get(key);
        if (container == null) {
            throw new IllegalArgumentException("no member " + key);
        }
        if (ended) {
            throw new IOException("cannot quiesce container " + container.name() + ": this Docker object is closed");
        }
        return container;
    }

    private synchronized void quiesce(QuiesceJournal journal, String key, Quiesce level) throws IOException {
        ContainerSpec container = member(key);
        int order = model.graph().startOrder().indexOf(key);
        results.put(key, QuiescedContainer.begin(client, journal, container.id(), level, order));
        quiesced.add(key);
    }

    /** Attempts to resume each of them, even if another one fails. */
    @Override
    public synchronized void close() throws IOException {
        ended = true;
        IOException failure = null;
        Map<String, String> started = new HashMap<>();
        for (int i = quiesced.size() - 1; i >= 0; i--) {
            String key = quiesced.get(i);
            QuiescedContainer.Result result = results.get(key);
            if (result == null || result.handle() == QuiesceHandle.none()) {
                continue;
            }
            try {
                awaitDependencies(key, started);
                result.handle().close();
                if (result.quiesce().level() == Level.STOP) {
                    started.put(key, result.container().id());
                }
            } catch (IOException e) {
                failure = merged(failure, e);
            }
        }
        for (QuiesceHandle session : sessions) {
            try {
                session.close();
            } catch (IOException e) {
                failure = merged(failure, e);
            }
        }
        if (failure != null) {
            // What is still quiesced is tried again with the next call.
            throw failure;
        }
        client.closed(this);
    }

    private static IOException merged(@Nullable IOException first, IOException next) {
        if (first == null) {
            return next;
        }
        first.addSuppressed(next);
        return first;
    }

    /** A container that needs a healthy one is started after it is; one that never becomes so holds up nothing. */
    private void awaitDependencies(String key, Map<String, String> started) {
        for (String needed : model.graph().dependencies(key).keySet()) {
            String id = started.get(needed);
            // A shutdown does not wait: what is not started by its end stays stopped.
            boolean impatient = Thread.currentThread() != owner || owner.isInterrupted();
            if (id == null || !model.graph().mustBeHealthy(needed) || impatient) {
                continue;
            }
            started.remove(needed);
            try {
                Readiness.Result result = new Readiness(new Containers(client)).await(id, needed, PATIENCE);
                if (!result.isGood()) {
                    log.warn("a container that was started again is not healthy [cause={}]", result.detail());
                }
            } catch (IOException e) {
                log.warn(
                        "a container that was started again does not answer [name={}, cause={}]", needed, e.toString());
            }
        }
    }
}
