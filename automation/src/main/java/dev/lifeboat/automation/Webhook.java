package dev.lifeboat.automation;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.automation.drill.DrillReport;
import dev.lifeboat.event.OperationEnded;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Posts what has happened as JSON to an address: of a program of your own, or of one that takes any JSON.
 *
 * <pre>{@code
 * Webhook webhook = Webhook.to(URI.create("https://alerts.example/backups"))
 *         .header("Authorization", "Bearer " + System.getenv("ALERTS_TOKEN"))
 *         .failuresOnly();
 * Scheduler scheduler = Scheduler.of(repo, nightly).onRun(webhook.runs());
 * }</pre>
 *
 * <p>It posts on a daemon thread for each message, so what it tells of does not wait; {@link #send} waits. An answer
 * that is not 2xx, or none, is tried again after seconds, three times in all, and then logged at WARN. A message is
 * lost if the JVM exits before. The fields are in docs/monitoring.md.
 *
 * <p>Immutable and thread-safe. Each method that changes something returns a copy.
 */
@CheckReturnValue
public final class Webhook {
    private static final Logger log = LoggerFactory.getLogger(Webhook.class);
    private static final int ATTEMPTS = 3;
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final int MAX_TEXT = 4000;

    private final URI uri;
    private final Map<String, String> headers;
    private final boolean failuresOnly;
    private final Duration pause;

    private Webhook(URI uri, Map<String, String> headers, boolean failuresOnly, Duration pause) {
        this.uri = uri;
        this.headers = Map.copyOf(headers);
        this.failuresOnly = failuresOnly;
        this.pause = pause;
    }

    /**
     * Returns a webhook.
     *
     * @throws IllegalArgumentException if it is not an address of http or https
     */
    public static Webhook to(URI uri) {
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https") || uri.getHost() == null) {
            throw new IllegalArgumentException("not an address of http or https: " + uri);
        }
        return new Webhook(uri, Map.of(), false, Duration.ofSeconds(2));
    }

    /**
     * Sends a header with each message. Its value is not logged.
     *
     * @throws IllegalArgumentException if the name or the value has characters that a header cannot have, such as the
     *     end of a line
     */
    public Webhook header(String name, String value) {
        if (name.isBlank() || !name.chars().allMatch(c -> c > ' ' && c < 127 && c != ':')) {
            throw new IllegalArgumentException("not the name of a header: '" + name + "'");
        }
        if (!value.chars().allMatch(c -> c == '\t' || c >= ' ' && c != 127)) {
            throw new IllegalArgumentException(
                    "the value of header " + name + " has control characters, such as the end of a line");
        }
        Map<String, String> more = new TreeMap<>(headers);
        more.put(name, value);
        return new Webhook(uri, more, failuresOnly, pause);
    }

    /** Posts only what has failed. */
    public Webhook failuresOnly() {
        return new Webhook(uri, headers, true, pause);
    }

    Webhook pause(Duration between) {
        return new Webhook(uri, headers, failuresOnly, between);
    }

    /** Returns a listener for {@link Scheduler#onRun}. */
    public Consumer<Run> runs() {
        return run -> post(run.result() == Run.Result.FAILED, message(run));
    }

    /** Returns a listener for {@code RepositoryBuilder.onEnd}. */
    public Consumer<OperationEnded> operations() {
        return ended -> post(isFailure(ended), message(ended));
    }

    /** Returns a listener for the reports of drills. */
    public Consumer<DrillReport> drills() {
        return report -> post(!report.isPassed(), message(report));
    }

    private static JsonObject message(Run run) {
        return JsonObject.create()
                .put("event", "run")
                .put("failed", run.result() == Run.Result.FAILED)
                .put(
                        "title",
                        "schedule " + run.schedule() + " " + word(run.result().name()))
                .put("text", text(run.failed()))
                .put("time", run.ended().toString())
                .put("schedule", run.schedule())
                .put("due", run.due().toString())
                .put("attempt", run.attempt())
                .put("host", run.host())
                .put("done", new LinkedHashMap<>(run.done()));
    }

    private static String text(Map<String, String> failed) {
        List<String> lines = new ArrayList<>();
        failed.forEach((step, why) -> lines.add(step + ": " + why));
        return cut(String.join("\n", lines));
    }

    private static String word(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    private static String cut(String text) {
        return text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + ".." : text;
    }

    private static boolean isFailure(OperationEnded ended) {
        return !ended.succeeded() && !ended.cancelled();
    }

    private static String outcome(OperationEnded ended) {
        if (ended.cancelled()) {
            return "cancelled";
        }
        return ended.succeeded() ? "succeeded" : "failed";
    }

    private static JsonObject message(OperationEnded ended) {
        return JsonObject.create()
                .put("event", "operation")
                .put("failed", isFailure(ended))
                .put("title", word(ended.kind()) + " " + outcome(ended))
                .put("text", cut(ended.failure().orElse(ended.operation())))
                .put("time", ended.started().plus(ended.duration()).toString())
                .put("operation", ended.operation())
                .put("seconds", ended.duration().toMillis() / 1000.0)
                .put("bytesRead", ended.bytesRead())
                .put("bytesStored", ended.bytesStored())
                .put("problems", ended.problems());
    }

    private static JsonObject message(DrillReport report) {
        Instant ended = report.started().plus(report.duration());
        return JsonObject.create()
                .put("event", "drill")
                .put("failed", !report.isPassed())
                .put("title", "drill of " + report.snapshot().source() + (report.isPassed() ? " passed" : " failed"))
                .put("text", cut(String.join("\n", report.reasons())))
                .put("time", ended.toString())
                .put("series", report.snapshot().source())
                .put("snapshot", report.snapshot().id().toString())
                .put("timeToHealthy", report.timeToHealthy().map(time -> time.toMillis() / 1000.0))
                .put("dataAge", report.dataAge().toMillis() / 1000.0);
    }

    private void post(boolean failed, JsonObject message) {
        if (failuresOnly && !failed) {
            return;
        }
        Thread thread = new Thread(
                () -> {
                    try {
                        deliver(message);
                    } catch (IOException e) {
                        log.warn("message is not delivered [to={}, cause={}]", shown(), e.toString());
                    } catch (RuntimeException e) {
                        // Its message may have a header.
                        log.warn("message is not delivered [to={}, cause={}]", shown(), e.getClass());
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "lifeboat-webhook");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Posts a message of the caller's own, and waits until it is delivered.
     *
     * @throws IOException if it is not, after all attempts
     * @throws InterruptedException if the thread is interrupted
     */
    public void send(String title, String text, boolean failed) throws IOException, InterruptedException {
        deliver(JsonObject.create()
                .put("event", "message")
                .put("failed", failed)
                .put("title", title)
                .put("text", cut(text))
                .put("time", Instant.now().toString()));
    }

    private void deliver(JsonObject message) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(message.toBytes()));
        headers.forEach(request::setHeader);
        // Redirects are not followed: the headers are not for others.
        HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
        for (int attempt = 1; ; attempt++) {
            Optional<IOException> failure = attempt(client, request.build());
            if (failure.isEmpty()) {
                return;
            }
            if (attempt == ATTEMPTS) {
                throw failure.get();
            }
            long most = pause.toMillis() << (attempt - 1);
            Thread.sleep(most / 2 + ThreadLocalRandom.current().nextLong(most / 2 + 1));
        }
    }

    private Optional<IOException> attempt(HttpClient client, HttpRequest request) throws InterruptedException {
        try {
            int status =
                    client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            return status / 100 == 2
                    ? Optional.empty()
                    : Optional.of(new IOException("cannot post to " + shown() + ": status " + status));
        } catch (IOException e) {
            return Optional.of(new IOException("cannot post to " + shown() + ": " + e, e));
        }
    }

    /** Paths and queries of webhooks are secrets. */
    private String shown() {
        return uri.getScheme() + "://" + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
    }

    @Override
    public String toString() {
        return "webhook at " + shown();
    }
}
