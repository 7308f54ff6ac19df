package dev.lifeboat.automation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.event.OperationEnded;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is posted, how often, and what is kept to itself. */
@Timeout(60)
class WebhookTest {
    private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();
    private volatile Iterator<Integer> statuses =
            Arrays.asList(200, 200, 200, 200).iterator();
    private ServerSocket server;

    @BeforeEach
    void serve() throws IOException {
        server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(this::answer);
        thread.setDaemon(true);
        thread.start();
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    private void answer() {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                InputStream in = socket.getInputStream();
                StringBuilder request = new StringBuilder();
                int length = -1;
                while (length < 0 || request.length() < request.indexOf("\r\n\r\n") + 4 + length) {
                    int c = in.read();
                    if (c < 0) {
                        break;
                    }
                    request.append((char) c);
                    if (length < 0 && request.toString().endsWith("\r\n\r\n")) {
                        length = Integer.parseInt(request.toString()
                                .toLowerCase(java.util.Locale.ROOT)
                                .replaceAll("(?s).*content-length: ([0-9]+).*", "$1"));
                    }
                }
                requests.add(request.toString());
                int status = statuses.next();
                socket.getOutputStream()
                        .write(("HTTP/1.1 " + status + " X\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:1/\r\n"
                                        + "Connection: close\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
            } catch (IOException e) {
                // Closed.
            }
        }
    }

    private Webhook webhook() {
        return Webhook.to(URI.create("http://127.0.0.1:" + server.getLocalPort() + "/secret/path"))
                .header("Authorization", "Bearer hidden")
                .pause(Duration.ofMillis(2));
    }

    private String next() throws InterruptedException {
        return String.valueOf(requests.poll(20, TimeUnit.SECONDS));
    }

    private static Run run(Run.Result result) {
        return new Run(
                "nightly",
                Instant.EPOCH,
                1,
                "host",
                Instant.EPOCH,
                result,
                Map.of("prune", "done"),
                result == Run.Result.FAILED ? Map.of("backup db", "the \"disk\" is full") : Map.of());
    }

    @Test
    void runsAndOperations_arePosted_asJsonThatOthersRead() throws Exception {
        webhook().runs().accept(run(Run.Result.FAILED));
        String posted = next();
        assertThat(posted)
                .startsWith("POST /secret/path HTTP/1.1")
                .contains("Authorization: Bearer hidden", "Content-Type: application/json");
        String body = posted.substring(posted.indexOf("\r\n\r\n") + 4);
        String read = Shell.run(
                "perl",
                "-MJSON::PP",
                "-e",
                "my $j = decode_json($ARGV[0]); print \"$j->{title}|$j->{text}|$j->{host}\"",
                body);
        assertThat(read).isEqualTo("schedule nightly failed|backup db: the \"disk\" is full|host");
        webhook()
                .operations()
                .accept(new OperationEnded(
                        "Backup",
                        "back up x",
                        Instant.EPOCH,
                        Duration.ofSeconds(3),
                        1,
                        2,
                        3,
                        4,
                        Optional.empty(),
                        false,
                        Optional.of("no space")));
        assertThat(next()).contains("\"title\":\"backup failed\"", "\"text\":\"no space\"", "\"bytesStored\":3");
    }

    @Test
    void failuresOnly_keepsTheRestToItself() throws Exception {
        webhook().failuresOnly().runs().accept(run(Run.Result.SUCCEEDED));
        webhook().failuresOnly().runs().accept(run(Run.Result.FAILED));
        assertThat(next()).contains("\"failed\":true");
        assertThat(requests).isEmpty();
        webhook().runs().accept(run(Run.Result.SUCCEEDED));
        assertThat(next()).contains("schedule nightly succeeded");
    }

    @Test
    void serverThatFails_isTriedAgain_thenGivenUp_withoutItsSecrets() throws Exception {
        statuses = Arrays.asList(503, 429, 204).iterator();
        webhook().send("title", "text", false);
        assertThat(requests).hasSize(3);
        statuses = Arrays.asList(500, 302, 500).iterator();
        assertThatThrownBy(() -> webhook().send("title", "text", true))
                .isInstanceOf(IOException.class)
                .hasMessage("cannot post to http://127.0.0.1:" + server.getLocalPort() + ": status 500");
        server.close();
        assertThatThrownBy(() -> webhook().send("title", "text", true))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ConnectException")
                .message()
                .doesNotContain("secret", "hidden");
        assertThat(webhook().toString()).doesNotContain("secret", "hidden");
    }

    @Test
    void headerThatIsNone_isRefused_withoutItsValue() {
        assertThatThrownBy(() -> webhook().header("Authorization", "Bearer hidden\n"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Authorization")
                .message()
                .doesNotContain("hidden");
        assertThatThrownBy(() -> webhook().header("a b", "x")).hasMessage("not the name of a header: 'a b'");
    }

    @Test
    void otherAddresses_areRefused() {
        for (String uri : new String[] {"ftp://x/", "file:///x", "x", "http:///x"}) {
            assertThatThrownBy(() -> Webhook.to(URI.create(uri)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(uri);
        }
    }
}
