package dev.lifeboat.kubernetes.internal.quiesce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands that pods name in their annotations for Velero. */
class PodCommandTest {
    private static final String PRE = "pre.hook.backup.velero.io/";

    private static KubernetesObject pod(Map<String, String> annotations) {
        Map<String, Object> prefixed = new HashMap<>();
        annotations.forEach((name, value) -> prefixed.put(PRE + name, value));
        return KubernetesObject.of(JsonObject.create()
                .put("kind", "Pod")
                .put(
                        "metadata",
                        JsonObject.create()
                                .put("name", "db-0")
                                .put("namespace", "shop")
                                .put("uid", "u1")
                                .put("annotations", prefixed))
                .put(
                        "spec",
                        JsonObject.create()
                                .put("containers", List.of(Map.of("name", "db"), Map.of("name", "sidecar")))));
    }

    private static PodCommand command(Map<String, String> annotations) throws IOException {
        return PodCommand.of(pod(annotations), PRE).orElseThrow();
    }

    @Test
    void command_isAListOrOneWord() throws IOException {
        assertThat(PodCommand.of(pod(Map.of()), PRE)).isEmpty();
        assertThat(command(Map.of("command", "/bin/freeze")).command()).containsExactly("/bin/freeze");
        PodCommand list = command(Map.of("command", "[\"sh\", \"-c\", \"echo [x]\"]", "container", "sidecar"));
        assertThat(list.command()).containsExactly("sh", "-c", "echo [x]");
        assertThat(list.place().toString()).isEqualTo("container sidecar of pod shop/db-0");
    }

    @Test
    void defaults_areThoseOfVelero() throws IOException {
        PodCommand command = command(Map.of("command", "x"));
        assertThat(command.timeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(command.mayFail()).isFalse();
        assertThat(command.place().container()).isEqualTo("db");
        assertThat(command(Map.of("command", "x", "on-error", "Continue")).mayFail())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({"30s,30000", "1m30s,90000", "1.5h,5400000", "250ms,250"})
    void timeout_isADurationOfGo(String text, long millis) throws IOException {
        assertThat(command(Map.of("command", "x", "timeout", text)).timeout()).isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "30", "s", "1x", "1m 2s", "-1s"})
    void timeout_thatIsNone_isRefused(String text) {
        assertThatThrownBy(() -> command(Map.of("command", "x", "timeout", text)))
                .isInstanceOf(KubernetesException.class)
                .hasMessageContaining("db-0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "[]", "[1]", "[\"a\""})
    void command_thatIsNoList_isRefused(String text) {
        assertThatThrownBy(() -> command(Map.of("command", text)))
                .isInstanceOf(KubernetesException.class)
                .hasMessageContaining("db-0");
    }

    @Test
    void journal_hasWhatRecoveryNeeds() {
        Optional<ScaledWorkload> workload =
                ScaledWorkload.of(new ScaledWorkload("/apis/apps/v1/x", "u", 3, "me").values());
        assertThat(workload).contains(new ScaledWorkload("/apis/apps/v1/x", "u", 3, "me"));
        assertThat(ScaledWorkload.of(Map.of("quiesce", "COMMAND"))).isEmpty();
    }
}
