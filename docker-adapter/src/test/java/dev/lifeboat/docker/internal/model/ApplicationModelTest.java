package dev.lifeboat.docker.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.docker.internal.model.DependencyGraph.Condition;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Keys and dependencies of the containers of an application, by what engines and Compose record. */
class ApplicationModelTest {
    private static ContainerSpec container(String name, String labels, String host) throws IOException {
        String id = String.format("%064x", name.hashCode() & 0xffffffffL);
        return ContainerSpec.of(JsonObject.parse(
                ("{'Id':'" + id + "','Name':'/" + name + "','Config':{'Labels':{" + labels + "}},'HostConfig':{" + host
                                + "}}")
                        .replace('\'', '"')
                        .getBytes(StandardCharsets.UTF_8),
                "test"));
    }

    private static ContainerSpec service(String project, String service, String more, String host) throws IOException {
        return container(
                project + "-" + service + "-1",
                "'com.docker.compose.project':'" + project + "','com.docker.compose.service':'" + service
                        + "','com.docker.compose.container-number':'1','com.docker.compose.oneoff':'False'" + more,
                host);
    }

    @Test
    void composeContainers_areKeyedByServiceAndNumber_othersByName() throws IOException {
        ApplicationModel model = ApplicationModel.of(List.of(
                service("shop", "db", "", ""),
                container(
                        "shop-db-run-3f",
                        "'com.docker.compose.project':'shop','com.docker.compose.service':'db',"
                                + "'com.docker.compose.oneoff':'True','com.docker.compose.slug':'3f'",
                        "")));
        assertThat(model.members()).containsOnlyKeys("db-1", "shop-db-run-3f");
        ApplicationModel plain = ApplicationModel.of(List.of(container("b", "", ""), container("a", "", "")));
        assertThat(plain.members()).containsOnlyKeys("a", "b");
    }

    @Test
    void containersOfTwoProjects_areKeyedByName() throws IOException {
        ApplicationModel model = ApplicationModel.of(List.of(service("a", "db", "", ""), service("b", "web", "", "")));
        assertThat(model.members()).containsOnlyKeys("a-db-1", "b-web-1");
    }

    @Test
    void dependencies_comeFromLabels_namespaces_volumes_andLinks() throws IOException {
        ContainerSpec db = service("shop", "db", "", "");
        ContainerSpec web = service(
                "shop",
                "web",
                ",'com.docker.compose.depends_on':'db:service_healthy:true,gone:service_started:false'",
                "");
        ContainerSpec worker = service("shop", "worker", "", "'NetworkMode':'container:" + web.id() + "'");
        ContainerSpec tail = service("shop", "tail", "", "'VolumesFrom':['" + worker.id() + ":ro']");
        ContainerSpec old = service("shop", "old", "", "'Links':['/shop-tail-1:/shop-old-1/alias']");
        ApplicationModel model = ApplicationModel.of(List.of(old, tail, worker, web, db));
        assertThat(model.graph().startOrder()).containsExactly("db-1", "web-1", "worker-1", "tail-1", "old-1");
        assertThat(model.graph().dependencies("web-1")).isEqualTo(Map.of("db-1", Set.of(Condition.HEALTHY)));
        assertThat(model.keyOf(web.id())).contains("web-1");
        assertThat(model.keyOf("shop-web-1")).contains("web-1");
        assertThat(model.keyOf("web")).isEmpty();
    }

    @Test
    void configFilesOfV1_areRelative_andThoseOfV2_absolute() {
        ComposeLabels v1 = new ComposeLabels(Map.of(
                "com.docker.compose.project.working_dir", "/srv/shop",
                "com.docker.compose.project.config_files", "v1.yml,../more.yml"));
        assertThat(v1.configFiles()).containsExactly(Path.of("/srv/shop/v1.yml"), Path.of("/srv/more.yml"));
        ComposeLabels v2 = new ComposeLabels(Map.of(
                "com.docker.compose.project.config_files", "/srv/shop/a.yml,/srv/shop/b.yml",
                "com.docker.compose.project.environment_file", "/etc/shop.env"));
        assertThat(v2.configFiles()).containsExactly(Path.of("/srv/shop/a.yml"), Path.of("/srv/shop/b.yml"));
        assertThat(v2.environmentFiles()).containsExactly(Path.of("/etc/shop.env"));
        assertThat(new ComposeLabels(Map.of("com.docker.compose.project.config_files", "v1.yml")).configFiles())
                .as("relative to nothing that is known")
                .isEmpty();
    }

    @Test
    void labelsOfACopy_nameTheNewProject() {
        ComposeLabels labels = new ComposeLabels(Map.of(
                "com.docker.compose.project", "shop",
                "com.docker.compose.config-hash", "abc",
                "com.docker.compose.replace", "shop-web-2",
                "tier", "db"));
        assertThat(labels.inProject("copy", true))
                .isEqualTo(Map.of(
                        "com.docker.compose.project", "copy", "com.docker.compose.config-hash", "abc", "tier", "db"));
        assertThat(labels.inProject("copy", false))
                .isEqualTo(Map.of("com.docker.compose.project", "copy", "tier", "db"));
    }
}
