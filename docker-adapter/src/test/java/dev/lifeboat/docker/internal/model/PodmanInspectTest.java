package dev.lifeboat.docker.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Podman's account of a container, in Docker's words. The input is cut from one of Podman 5.8.6. */
class PodmanInspectTest {
    private static final String ID = "7ab3fd4c9131" + "0".repeat(52);

    private static JsonObject translated(String host, String config, String networks) throws IOException {
        String text = "{'Id':'" + ID + "','HostConfig':{" + host + "},'Config':{" + config
                + "},'NetworkSettings':{'Networks':{" + networks + "}}}";
        return PodmanInspect.translated(
                JsonObject.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "test"));
    }

    private static JsonObject host(String host) throws IOException {
        return translated(host, "", "").object("HostConfig");
    }

    @Test
    void anonymousVolumes_areNoBinds() throws IOException {
        String anonymous = "d2".repeat(32);
        JsonObject inspect = translated(
                "'Binds':['/tmp:/host:ro,rprivate,rbind','" + anonymous + ":/anon:rprivate,nosuid,nodev,rbind',"
                        + "'pv:/data:rprivate,nosuid,nodev,rbind']",
                "'Volumes':null",
                "");
        assertThat(inspect.object("HostConfig").strings("Binds")).containsExactly("/tmp:/host:ro", "pv:/data");
        assertThat(inspect.object("Config").object("Volumes").members()).containsOnlyKeys("/anon");
    }

    @Test
    void networkMode_isTheNetwork() throws IOException {
        assertThat(translated("'NetworkMode':'bridge'", "", "'pn':{}")
                        .object("HostConfig")
                        .string("NetworkMode"))
                .isEqualTo("pn");
        assertThat(translated("'NetworkMode':'bridge'", "", "'podman':{}")
                        .object("HostConfig")
                        .string("NetworkMode"))
                .isEqualTo("default");
        assertThat(host("'NetworkMode':'host'").string("NetworkMode")).isEqualTo("host");
    }

    @Test
    void whatPodmanMadeUp_isLeftOut() throws IOException {
        JsonObject host = host("'PidMode':'private','UTSMode':'private','IpcMode':'shareable','Runtime':'oci',"
                + "'Annotations':{'io.container.manager':'libpod','mine':'1'},"
                + "'Ulimits':[{'Name':'RLIMIT_NOFILE','Hard':200,'Soft':100}],"
                + "'Tmpfs':{'/t':'rprivate,nosuid,nodev,tmpcopyup,size=1m'}");
        assertThat(host.members()).doesNotContainKeys("PidMode", "UTSMode", "IpcMode", "Runtime");
        assertThat(host.stringMap("Annotations")).containsOnlyKeys("mine");
        assertThat(host.objects("Ulimits").get(0).string("Name")).isEqualTo("nofile");
        assertThat(host.stringMap("Tmpfs")).containsEntry("/t", "size=1m");
        assertThat(translated("", "'Env':['A=1','container=podman','HOSTNAME=h'],'Hostname':'h'", "")
                        .object("Config")
                        .strings("Env"))
                .containsExactly("A=1");
        assertThat(host("'PidMode':'host'").string("PidMode")).isEqualTo("host");
    }

    @Test
    void whatPodmanRefuses_isLeftOut() throws IOException {
        assertThat(host("'IpcMode':'host','ShmSize':65536000").has("ShmSize")).isFalse();
        assertThat(host("'NanoCpus':500000000,'CpuPeriod':100000,'CpuQuota':50000")
                        .members())
                .doesNotContainKeys("CpuPeriod", "CpuQuota");
        assertThat(host("'CpuPeriod':100000,'CpuQuota':50000").members()).containsKeys("CpuPeriod", "CpuQuota");
        assertThat(host("'Devices':[{'PathOnHost':'/dev/null','CgroupPermissions':''}]")
                        .objects("Devices")
                        .get(0)
                        .string("CgroupPermissions"))
                .isEqualTo("rwm");
    }
}
