package dev.lifeboat.docker.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What is read from an engine's account of a container. */
class ContainerSpecTest {
    private static final String NEVER = "0001-01-01T00:00:00Z";
    private static final String EARLIER = "2026-11-28T10:00:05.5Z";
    private static final String LATER = "2026-11-28T10:00:20.25Z";

    private static String printsSince(String state, String started, String finished) throws IOException {
        String text = "{'Id':'1','Name':'/c','Mounts':[],'State':{" + state + ",'StartedAt':'" + started
                + "','FinishedAt':'" + finished + "'}}";
        return ContainerSpec.of(JsonObject.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "test"))
                .printsSince();
    }

    @Test
    void printsSince_theEndOfTheFormerProcess_whileOneRuns() throws IOException {
        assertThat(printsSince("'Running':true", LATER, EARLIER)).isEqualTo("2026-11-28T10:00:05.500Z");
        assertThat(printsSince("'Running':true,'Paused':true", LATER, EARLIER)).isEqualTo("2026-11-28T10:00:05.500Z");
    }

    @Test
    void printsSince_everything_ofAFirstProcess() throws IOException {
        assertThat(printsSince("'Running':true", LATER, NEVER)).isEmpty();
        assertThat(printsSince("'Running':false", NEVER, NEVER)).isEmpty();
    }

    @Test
    void printsSince_beforeStartAndEnd_ofAProcessThatHasEnded() throws IOException {
        assertThat(printsSince("'Running':false", EARLIER, LATER)).isEqualTo("2026-11-28T09:59:55.500Z");
        // The engine has noted the start after the end.
        assertThat(printsSince("'Running':false", LATER, EARLIER)).isEqualTo("2026-11-28T09:59:55.500Z");
        assertThat(printsSince("'Running':true,'Restarting':true", LATER, EARLIER))
                .isEqualTo("2026-11-28T09:59:55.500Z");
    }
}
