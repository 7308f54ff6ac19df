package dev.lifeboat.kubernetes.internal.quiesce;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.PodExec;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.quiesce.RunningContainer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A command that runs in a pod before or after its volumes are read.
 *
 * @param place where it runs
 * @param podUid identity of the pod
 * @param command program and arguments
 * @param timeout how long it may take
 * @param mayFail whether its failure is only reported
 */
record PodCommand(PodExec.Place place, String podUid, List<String> command, Duration timeout, boolean mayFail) {
    /** As Velero has it. */
    static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

    private static final Pattern PART = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(h|ms|m|s|us|µs|ns)");

    /**
     * Returns the command that a pod names in its annotations.
     *
     * @param prefix such as {@code pre.hook.backup.velero.io/}
     */
    static Optional<PodCommand> of(KubernetesObject pod, String prefix) throws IOException {
        Map<String, String> annotations = pod.annotations();
        String command = annotations.get(prefix + "command");
        if (command == null || command.isBlank()) {
            return Optional.empty();
        }
        Optional<String> container = Optional.ofNullable(annotations.get(prefix + "container"));
        // Of hooks of restores it has another name.
        String timeout = annotations.getOrDefault(prefix + "timeout", annotations.get(prefix + "exec-timeout"));
        return Optional.of(new PodCommand(
                place(pod, container),
                pod.uid(),
                words(command, pod),
                timeout == null ? DEFAULT_TIMEOUT : duration(timeout, pod),
                annotations.getOrDefault(prefix + "on-error", "Fail").equalsIgnoreCase("Continue")));
    }

    /** Returns a container of a pod: the named one, or the first. */
    static PodExec.Place place(KubernetesObject pod, Optional<String> container) throws IOException {
        List<JsonObject> containers = pod.spec().objects("containers");
        String name =
                container.isPresent() ? container.get() : containers.get(0).string("name");
        return new PodExec.Place(pod.namespace().orElseThrow(), pod.name(), name);
    }

    /** A JSON list of words, or one word. */
    static List<String> words(String command, KubernetesObject pod) throws IOException {
        if (!command.strip().startsWith("[")) {
            return List.of(command);
        }
        List<String> words;
        try {
            byte[] json = ("{\"command\":" + command + "}").getBytes(StandardCharsets.UTF_8);
            words = JsonObject.parse(json, "annotation").strings("command");
        } catch (IOException e) {
            throw new KubernetesException(
                    Kind.INVALID,
                    "the command of a hook of pod " + pod.name() + " is no JSON list of texts: " + command,
                    e);
        }
        if (words.isEmpty()) {
            throw new KubernetesException(
                    Kind.INVALID, "the command of a hook of pod " + pod.name() + " is an empty list");
        }
        return words;
    }

    /** A duration as Go writes it: {@code 1m30s}. */
    static Duration duration(String text, KubernetesObject pod) throws IOException {
        Matcher parts = PART.matcher(text);
        double nanos = 0;
        int end = 0;
        while (parts.find() && parts.start() == end) {
            long unit = switch (parts.group(2)) {
                case "h" -> TimeUnit.HOURS.toNanos(1);
                case "m" -> TimeUnit.MINUTES.toNanos(1);
                case "s" -> TimeUnit.SECONDS.toNanos(1);
                case "ms" -> TimeUnit.MILLISECONDS.toNanos(1);
                case "ns" -> 1;
                default -> TimeUnit.MICROSECONDS.toNanos(1);
            };
            nanos += Double.parseDouble(parts.group(1)) * unit;
            end = parts.end();
        }
        if (end != text.length() || end == 0) {
            throw new KubernetesException(
                    Kind.INVALID, "the time-out of a hook of pod " + pod.name() + " is no duration: " + text);
        }
        return Duration.ofNanos((long) nanos);
    }

    /** Whether the pod is there still, and not another of its name. */
    boolean isThere(ApiClient client) throws IOException {
        return isThere(client, place, podUid);
    }

    static boolean isThere(ApiClient client, PodExec.Place place, String podUid) throws IOException {
        String path = "/api/v1/namespaces/" + place.namespace() + "/pods/" + place.pod();
        Optional<KubernetesObject> pod = client.find(path, "look at " + place).map(KubernetesObject::of);
        return pod.isPresent() && pod.get().uid().equals(podUid) && !pod.get().isTerminating();
    }

    /**
     * Runs it.
     *
     * @throws KubernetesException if it fails or takes too long
     */
    void run(ApiClient client) throws IOException {
        PodExec.Result result = result(client);
        if (result.exitCode() != 0) {
            throw new KubernetesException(
                    Kind.COMMAND_FAILED,
                    "command " + command.get(0) + " in " + place + " ended with exit code " + result.exitCode() + ": "
                            + result.errors());
        }
    }

    /**
     * Runs it; whatever its exit code.
     *
     * @throws KubernetesException if it takes too long
     */
    private PodExec.Result result(ApiClient client) throws IOException {
        return inTime(() -> PodExec.run(client, place, command));
    }

    /**
     * Runs it; whatever its exit code. What it prints on standard error is part of its output.
     *
     * @throws KubernetesException if it takes too long
     */
    RunningContainer.CommandResult merged(ApiClient client) throws IOException {
        PodExec.Result result = inTime(() -> PodExec.runMerged(client, place, command));
        return new RunningContainer.CommandResult(result.exitCode(), result.output());
    }

    private PodExec.Result inTime(Callable<PodExec.Result> work) throws IOException {
        FutureTask<PodExec.Result> task = new FutureTask<>(work);
        Thread thread = new Thread(task, "lifeboat-hook");
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            task.cancel(true);
            throw new KubernetesException(
                    Kind.COMMAND_FAILED,
                    "command " + command.get(0) + " in " + place + " has not ended after " + timeout.toMillis() + " ms",
                    e);
        } catch (InterruptedException e) {
            task.cancel(true);
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        } catch (ExecutionException e) {
            throw Io.unwrap(e);
        }
    }
}
