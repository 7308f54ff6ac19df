package dev.lifeboat.kubernetes.internal.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A server that is overloaded, fails, or is gone for a moment: faults that a real one does not show when asked to. */
@Timeout(60)
class ApiClientTest {
    @RegisterExtension
    final ScriptedServer server = new ScriptedServer(this::answer);

    private static final int OK = 200;
    private static final JsonObject BODY =
            JsonObject.create().put("kind", "Pod").put("note", "Grüße");

    private final ConcurrentLinkedDeque<Integer> answers = new ConcurrentLinkedDeque<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();

    private void answer(HttpExchange exchange) throws IOException {
        requests.add(exchange.getRequestMethod() + " "
                + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
        Integer next = answers.poll();
        int code = next == null ? OK : next;
        byte[] answer = ("{\"message\":\"answer " + code + "\"}").getBytes(StandardCharsets.UTF_8);
        if (code == 429) {
            exchange.getResponseHeaders().add("Retry-After", "1");
        }
        exchange.sendResponseHeaders(code, answer.length);
        exchange.getResponseBody().write(answer);
        exchange.close();
    }

    @Test
    void tooManyRequests_areSentAgain_whole_whenTheServerSays() throws Exception {
        answers.add(429);
        long start = System.nanoTime();
        assertThat(server.client().post("/", BODY, "create it").string("message"))
                .isEqualTo("answer 200");
        assertThat(System.nanoTime() - start).isGreaterThan(1_000_000_000L);
        assertThat(requests).hasSize(2).allMatch(text -> text.equals(requests.get(0)) && text.contains("Grüße"));
    }

    @Test
    void failures_areTriedAgain_onlyIfThatMakesNoDifference() throws Exception {
        answers.addAll(List.of(503, 500));
        assertThat(server.client().get("/", "read it").string("message")).isEqualTo("answer 200");
        answers.add(502);
        server.client().delete("/", JsonObject.create(), "delete it");
        assertThat(requests).hasSize(5);
        answers.add(500);
        assertThatThrownBy(() -> server.client().post("/", BODY, "create it"))
                .hasMessageContaining("answers 500: answer 500");
        answers.add(503);
        assertThatThrownBy(() -> server.client().apply("/", BODY, "apply it"))
                .isInstanceOfSatisfying(
                        KubernetesException.class,
                        e -> assertThat(e.kind()).isEqualTo(KubernetesException.Kind.UNREACHABLE));
        assertThat(requests).hasSize(7);
    }

    @Test
    void failureThatStays_isToldAfterAMoment() {
        for (int i = 0; i < 100; i++) {
            answers.add(503);
        }
        assertThatThrownBy(() -> server.client().get("/", "read it")).hasMessageContaining("answers 503");
        assertThat(requests).hasSizeBetween(3, 10);
    }

    /** It may not be there at all; one that has answered before is awaited. */
    @Test
    void serverThatIsGone_isAwaited_ifItHasAnsweredBefore() throws Exception {
        server.stop();
        long start = System.nanoTime();
        assertThatThrownBy(() -> server.client().get("/", "read it")).hasMessageContaining("does not answer");
        assertThat(System.nanoTime() - start).isLessThan(5_000_000_000L);
        server.restart();
        assertThat(server.client().get("/", "read it").string("message")).isEqualTo("answer 200");
        server.stop();
        Thread restarting = new Thread(() -> {
            try {
                Thread.sleep(700);
                server.restart();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        restarting.start();
        assertThat(server.client().post("/", BODY, "create it").string("message"))
                .isEqualTo("answer 200");
        restarting.join();
    }
}
