package dev.lifeboat.kubernetes.internal.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The state of a list expires while it is read, which a real server lets happen after five minutes only. */
@Timeout(60)
class ObjectListsTest {
    @RegisterExtension
    final ScriptedServer server = new ScriptedServer(this::answer);

    private static final ResourceType PODS = new ResourceType("", "v1", "pods", "Pod", true, Set.of());

    private final List<String> queries = new CopyOnWriteArrayList<>();

    private void answer(HttpExchange exchange) throws IOException {
        String query = exchange.getRequestURI().getQuery();
        queries.add(query);
        int code = query.contains("continue=") ? 410 : 200;
        String answer = code == 410
                ? "{\"kind\":\"Status\",\"reason\":\"Expired\",\"message\":\"the continue parameter is too old\"}"
                : query.contains("limit=0")
                        ? "{\"metadata\":{},\"items\":[{\"metadata\":{\"name\":\"a\"}},{\"metadata\":{\"name\":\"b\"}}]}"
                        : "{\"metadata\":{\"continue\":\"more\"},\"items\":[{\"metadata\":{\"name\":\"gone\"}}]}";
        byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(code, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Test
    void listThatExpires_isReadAgain_inOnePiece() throws Exception {
        List<String> names = new ArrayList<>();
        ObjectLists.list(server.client(), PODS, Optional.of("shop"), Optional.empty(), new ObjectLists.Visitor() {
            @Override
            public void restart() {
                names.clear();
            }

            @Override
            public void visit(KubernetesObject object) throws IOException {
                assertThat(object.kind()).isEqualTo("Pod");
                names.add(object.name());
            }
        });
        assertThat(names).containsExactly("a", "b");
        assertThat(queries).containsExactly("limit=500", "limit=500&continue=more", "limit=0");
    }
}
