package dev.lifeboat.docker.internal.restore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What counts as a difference between the captured and the created container. */
class ConfigurationCheckTest {
    private static JsonObject json(String text) throws IOException {
        return JsonObject.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "test");
    }

    private static ContainerSpec container(String config, String host, String mounts) throws IOException {
        return ContainerSpec.of(json("{'Id':'1','Name':'/app','Config':{" + config + "},'HostConfig':{" + host
                + "},'Mounts':[" + mounts + "]}"));
    }

    private static List<String> host(String captured, String sent, String created) throws IOException {
        return ConfigurationCheck.differences(
                container("", captured, ""),
                ContainerSettings.NONE,
                json("{'HostConfig':{" + sent + "}}"),
                container("", created, ""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'Memory':1|'Memory':1|'Memory':1",
                "'Memory':0|'Memory':0|",
                "'Dns':null|'Dns':null|'Dns':[]",
                "'CapAdd':['A','B']|'CapAdd':['A','B']|'CapAdd':['B','A']",
                // Planned.
                "'PublishAllPorts':true|'PublishAllPorts':false|'PublishAllPorts':false",
                // Another id.
                "'PidMode':'container:1'|'PidMode':'container:db'|'PidMode':'container:2'",
                "'NetworkMode':'default'|'NetworkMode':'default'|'NetworkMode':'bridge'",
                // An engine's own choice.
                "'Runtime':'runc'|'Runtime':'runc'|",
                "'Sysctls':{'a':'1'}|'Sysctls':{'a':'1'}|'Sysctls':{'a':'1','b':''}",
            })
    void whatIsEqual_isNoDifference(String captured, String sent, String created) throws IOException {
        assertThat(host(captured, sent, created == null ? "" : created)).isEmpty();
    }

    @Test
    void whatTheEngineDidNotTake_isTold_byPathAndBothValues() throws IOException {
        assertThat(host("'PidsLimit':99,'Sysctls':{'a':'1'}", "'PidsLimit':99,'Sysctls':{'a':'1'}", "'PidsLimit':5"))
                .containsExactly(
                        "HostConfig.PidsLimit was '99' and is '5'", "HostConfig.Sysctls.a was '1' and is not set");
        assertThat(host("'CapAdd':['A','B']", "'CapAdd':['A','B']", "'CapAdd':['A']"))
                .hasSize(1);
    }

    @Test
    void variablesThatTheEngineAdds_areNoDifference_thoseItDropsAre() throws IOException {
        ContainerSpec captured = container("'Env':['A=1','B=2']", "", "");
        JsonObject sent = json("{'Env':['A=1','B=2'],'HostConfig':{}}");
        assertThat(ConfigurationCheck.differences(
                        captured, ContainerSettings.NONE, sent, container("'Env':['B=2','HOME=/','A=1']", "", "")))
                .isEmpty();
        assertThat(ConfigurationCheck.differences(
                        captured, ContainerSettings.NONE, sent, container("'Env':['B=2']", "", "")))
                .hasSize(1);
    }

    @Test
    void mounts_areComparedByDestination() throws IOException {
        JsonObject sent = json("{'HostConfig':{'Binds':['v:/a','/b:/b:ro'],"
                + "'Mounts':[{'Type':'volume','Source':'c','Target':'/c/'},{'Type':'tmpfs','Target':'/t'}]}}");
        ContainerSpec captured = container("", "", "");
        String a = "{'Type':'volume','Name':'v','Destination':'/a','RW':true}";
        String b = "{'Type':'bind','Destination':'/b','RW':false}";
        String c = "{'Type':'volume','Destination':'/c','RW':true}";
        assertThat(ConfigurationCheck.differences(
                        captured, ContainerSettings.NONE, sent, container("", "", a + "," + b + "," + c)))
                .isEmpty();
        assertThat(ConfigurationCheck.differences(
                        captured,
                        ContainerSettings.NONE,
                        sent,
                        container("", "", a.replace("true", "false") + "," + c)))
                .containsExactlyInAnyOrder("the mount at /a was writable and is read-only", "nothing is mounted at /b");
    }

    @Test
    void portThatTheEngineChooses_isNoDifference_unlessItWasAskedFor() throws IOException {
        String captured = "'PortBindings':{'80/tcp':[{'HostIp':'127.0.0.1','HostPort':'8080'}]}";
        String free = "'PortBindings':{'80/tcp':[{'HostIp':'127.0.0.1','HostPort':''}]}";
        String chosen = "'PortBindings':{'80/tcp':[{'HostIp':'127.0.0.1','HostPort':'32768'}]}";
        assertThat(host(captured, free, chosen)).isEmpty();
        assertThat(host(captured, free, chosen.replace("127.0.0.1", "127.0.0.2")))
                .hasSize(1);
        assertThat(host(captured, captured, chosen)).hasSize(1);
        String anywhere = "'PortBindings':{'80/tcp':[{'HostIp':'','HostPort':''}]}";
        assertThat(host(captured, anywhere, "'PortBindings':{'80/tcp':[{'HostIp':'','HostPort':'32768'}]}"))
                .isEmpty();
    }
}
