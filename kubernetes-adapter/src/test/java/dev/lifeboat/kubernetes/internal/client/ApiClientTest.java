package dev.lifeboat.kubernetes.internal.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.utils.HttpClientUtils;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server that is overloaded, fails, or is gone for a moment: faults that a real one does not show when asked to. */
@Timeout(60)
class ApiClientTest {
    private static final int OK = 200;
    private static final JsonObject BODY =
            JsonObject.create().put("kind", "Pod").put("note", "Grüße");

    private final ConcurrentLinkedDeque<Integer> answers = new ConcurrentLinkedDeque<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private HttpServer server;
    private ApiClient client;

    @BeforeEach
    void start() throws IOException {
        server = server(0);
        URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl(address.toString())
                .withRequestRetryBackoffLimit(0)
                .build();
        client = new ApiClient(
                HttpClientUtils.getHttpClientFactory().newBuilder(config).build(), address, true);
    }

    @AfterEach
    void stop() {
        client.close();
        server.stop(0);
    }

    private HttpServer server(int port) throws IOException {
        HttpServer started = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        started.createContext("/", this::answer);
        started.start();
        return started;
    }

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
        assertThat(client.post("/", BODY, "create it").string("message")).isEqualTo("answer 200");
        assertThat(System.nanoTime() - start).isGreaterThan(1_000_000_000L);
        assertThat(requests).hasSize(2).allMatch(text -> text.equals(requests.get(0)) && text.contains("Grüße"));
    }

    @Test
    void failures_areTriedAgain_onlyIfThatMakesNoDifference() throws Exception {
        answers.addAll(List.of(503, 500));
        assertThat(client.get("/", "read it").string("message")).isEqualTo("answer 200");
        answers.add(502);
        client.delete("/", JsonObject.create(), "delete it");
        assertThat(requests).hasSize(5);
        answers.add(500);
        assertThatThrownBy(() -> client.post("/", BODY, "create it")).hasMessageContaining("answers 500: answer 500");
        answers.add(503);
        assertThatThrownBy(() -> client.apply("/", BODY, "apply it"))
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
        assertThatThrownBy(() -> client.get("/", "read it")).hasMessageContaining("answers 503");
        assertThat(requests).hasSizeBetween(3, 10);
    }

    /** It may not be there at all; one that has answered before is awaited. */
    @Test
    void serverThatIsGone_isAwaited_ifItHasAnsweredBefore() throws Exception {
        int port = server.getAddress().getPort();
        server.stop(0);
        long start = System.nanoTime();
        assertThatThrownBy(() -> client.get("/", "read it")).hasMessageContaining("does not answer");
        assertThat(System.nanoTime() - start).isLessThan(5_000_000_000L);
        server = server(port);
        assertThat(client.get("/", "read it").string("message")).isEqualTo("answer 200");
        server.stop(0);
        Thread restarting = new Thread(() -> {
            try {
                Thread.sleep(700);
                server = server(port);
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        restarting.start();
        assertThat(client.post("/", BODY, "create it").string("message")).isEqualTo("answer 200");
        restarting.join();
    }
}
