package dev.lifeboat.docker.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is sent, so that the engine's merge with the image gives what was captured; ConfigurationTest asks an engine.
 * Null is not sent: to the engine it is the same as a missing member.
 */
class ConfigMergeTest {
    private static JsonObject json(String text) throws IOException {
        return JsonObject.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "test");
    }

    private static String sent(String captured, String image) throws IOException {
        return new String(
                        ConfigMerge.toSend(json(captured), Optional.of(json(image)))
                                .toBytes(),
                        StandardCharsets.UTF_8)
                .replace('"', '\'');
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // captured | image | sent
                "{'Entrypoint':null}|{'Entrypoint':['/sh']}|{'Entrypoint':['']}",
                "{'Entrypoint':[]}|{'Entrypoint':['/sh']}|{'Entrypoint':['']}",
                "{}|{'Entrypoint':['/sh']}|{'Entrypoint':['']}",
                "{'Entrypoint':null}|{'Entrypoint':null}|{}",
                "{'Entrypoint':null}|{}|{}",
                "{'Entrypoint':['/own']}|{'Entrypoint':['/sh']}|{'Entrypoint':['/own']}",
                "{'Cmd':null,'Entrypoint':['/own']}|{'Cmd':['x']}|{'Entrypoint':['/own']}",
                "{'Cmd':['a',''],'Entrypoint':['/own']}|{}|{'Cmd':['a',''],'Entrypoint':['/own']}",
                "{'Env':null}|{}|{}",
                "{}|{'Healthcheck':{'Test':['CMD','x']}}|{'Healthcheck':{'Test':['NONE']}}",
                "{'Healthcheck':{'Test':['NONE']}}|{'Healthcheck':{'Test':['CMD','x']}}|{'Healthcheck':{'Test':['NONE']}}",
                "{'Healthcheck':{'Test':['CMD','y']}}|{}|{'Healthcheck':{'Test':['CMD','y']}}",
                "{'StopSignal':'SIGINT','Unknown':{'a':[1]}}|{}|{'StopSignal':'SIGINT','Unknown':{'a':[1]}}",
            })
    void fields(String captured, String image, String expected) throws IOException {
        assertThat(sent(captured, image)).isEqualTo(expected);
    }

    @Test
    void unknownImage_changesNothing() throws IOException {
        JsonObject captured = json("{'Entrypoint':null,'Cmd':['x']}");
        assertThat(ConfigMerge.toSend(captured, Optional.empty()).members()).isEqualTo(captured.members());
    }
}
