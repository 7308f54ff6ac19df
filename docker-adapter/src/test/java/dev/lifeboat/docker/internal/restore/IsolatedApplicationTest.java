package dev.lifeboat.docker.internal.restore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.docker.engine.EngineInfo;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.image.ImageSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an isolated copy may reach, whatever the original does; without an engine. */
class IsolatedApplicationTest {
    private static final String IMAGE = "sha256:" + "1".repeat(64);
    private static final String OTHER = "f".repeat(64);

    @TempDir
    Path dir;

    private final Map<String, ContainerDocument> members = new TreeMap<>();
    private final Map<String, NetworkSpec> networks = new TreeMap<>();
    private final List<NetworkSpec> there = new ArrayList<>();
    private boolean seesFiles = true;
    private EngineInfo.Product product = EngineInfo.Product.DOCKER;

    private static JsonObject json(String text) throws IOException {
        return JsonObject.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "test");
    }

    private static String text(@Nullable JsonObject json) {
        return new String(Objects.requireNonNull(json).toBytes(), StandardCharsets.UTF_8);
    }

    private static ImageSpec image() {
        return new ImageSpec(
                IMAGE,
                Optional.of(IMAGE),
                List.of("sha256:" + "2".repeat(64)),
                List.of("app:1"),
                List.of(),
                "linux/amd64",
                "",
                Optional.empty());
    }

    private void member(String name, String host, String endpoints, String config, List<String> paths)
            throws IOException {
        ContainerSpec container = ContainerSpec.of(json("{'Id':'"
                + String.format("%064x", name.hashCode() & 0xffffffffL)
                + "','Name':'/" + name + "','Image':'" + IMAGE + "','State':{'Running':true},'HostConfig':{" + host
                + "},'NetworkSettings':{'Networks':{" + endpoints + "}},'Config':{'Image':'app:1'" + config + "}}"));
        members.put(
                name, new ContainerDocument(container, image(), List.of(), Map.of(), paths, "linux/amd64", "engine"));
    }

    private void network(String name, String more) throws IOException {
        networks.put(name, NetworkSpec.of(json("{'Name':'" + name + "','Id':'n'" + more + "}")));
    }

    private ApplicationPlan plan() throws IOException {
        EngineView engine = new EngineView(
                List.of(),
                Map.of(),
                there,
                Map.of(IMAGE, image(), "app:1", image()),
                seesFiles,
                path -> Files.exists(Path.of(path)),
                product,
                Set.of("local"),
                Set.of("bridge", "macvlan"));
        RestoreOptions options =
                RestoreOptions.applicationCopy("drill-1", false).with(o -> o.start = true);
        IsolatedApplication alone = IsolatedApplication.of(
                members, networks, options, new Isolation("me 1", dir.resolve("paths"), created -> {}), engine);
        ApplicationPlan plan = new Planner(
                        CapturedApplication.of(alone.members(), alone.networks(), Optional.empty()),
                        alone.options(),
                        engine,
                        image -> false)
                .plan();
        warnings = alone.warnings();
        assertThat(plan.plan().conflicts()).isEmpty();
        for (JsonObject network : plan.networks().values()) {
            assertThat(network.flag("Internal")).isTrue();
            assertThat(network.string("Driver")).isEqualTo("bridge");
            assertThat(network.flag("EnableIPv6")).isFalse();
            assertThat(network.object("Options").has("com.docker.network.bridge.inhibit_ipv4"))
                    .isEqualTo(product == EngineInfo.Product.DOCKER);
        }
        for (ApplicationPlan.Member member : plan.members()) {
            String mode = member.body().object("HostConfig").string("NetworkMode");
            List<String> joined = new ArrayList<>(member.endpoints().keySet());
            joined.addAll(member.body()
                    .objectOrEmpty("NetworkingConfig")
                    .objectOrEmpty("EndpointsConfig")
                    .members()
                    .keySet());
            assertThat(plan.networks().keySet()).containsAll(joined);
            assertThat(mode.equals("none") || mode.startsWith("container:drill-1-") || joined.contains(mode))
                    .as(mode)
                    .isTrue();
        }
        return plan;
    }

    private List<String> warnings = List.of();

    private static JsonObject host(ApplicationPlan plan, String name) throws IOException {
        return body(plan, name).object("HostConfig");
    }

    private static JsonObject body(ApplicationPlan plan, String name) {
        return plan.members().stream()
                .filter(member -> member.key().equals(name))
                .findFirst()
                .orElseThrow()
                .body();
    }

    @Test
    void namespacesPrivilegesAndDevicesOfTheHost_areLeftOut() throws IOException {
        member(
                "root",
                "'NetworkMode':'host','PidMode':'host','IpcMode':'host','UTSMode':'host','Privileged':true,"
                        + "'Devices':[{'PathOnHost':'/dev/sda','CgroupPermissions':'rwm'}],'CapAdd':['sys_admin','CAP_SYS_TIME','NET_RAW'],'SecurityOpt':['seccomp=unconfined','no-new-privileges'],'MaskedPaths':[],'Runtime':'nvidia','CgroupParent':'/x','VolumeDriver':'rexray',"
                        + "'LogConfig':{'Type':'gelf','Config':{'gelf-address':'udp://10.0.0.1:1'}},"
                        + "'RestartPolicy':{'Name':'always'},'AutoRemove':true,'PortBindings':{'80/tcp':[{'HostPort':'80'}]}",
                "'host':{}",
                ",'Labels':{'traefik.enable':'true','mine':'1'}",
                List.of());
        ApplicationPlan plan = plan();
        JsonObject host = host(plan, "root");
        for (String field : new String[] {
            "PidMode",
            "IpcMode",
            "UTSMode",
            "Devices",
            "PortBindings",
            "MaskedPaths",
            "Runtime",
            "CgroupParent",
            "VolumeDriver"
        }) {
            assertThat(host.has(field)).as(field).isFalse();
        }
        assertThat(host.object("LogConfig").string("Type")).isEqualTo("json-file");
        assertThat(host.strings("SecurityOpt")).containsExactly("no-new-privileges");
        assertThat(host.strings("Dns")).containsExactly("127.0.0.1");
        assertThat(host.flag("Privileged")).isFalse();
        assertThat(host.flag("AutoRemove")).isFalse();
        assertThat(host.strings("CapAdd")).containsExactly("NET_RAW");
        assertThat(host.object("RestartPolicy").string("Name")).isEqualTo("on-failure");
        assertThat(body(plan, "root").stringMap("Labels")).containsOnlyKeys("mine");
        assertThat(plan.networks()).containsOnlyKeys("drill-1_isolated");
        assertThat(warnings).hasSize(8).allMatch(warning -> warning.startsWith("container root: "));
    }

    @Test
    void networks_areBridgesOfItsOwn_andMembersFindEachOther() throws IOException {
        network(
                "net",
                ",'Driver':'bridge','Labels':{'com.docker.compose.network':'net'},'Options':{'mtu':'9'},"
                        + "'EnableIPv6':true,'IPAM':{'Config':[{'Subnet':'10.9.0.0/24'},{'Subnet':'fd00::/64'}]}");
        network(
                "lan",
                ",'Driver':'macvlan','Options':{'parent':'eth0'},'IPAM':{'Config':[{'Subnet':'192.168.1.0/24'}]}");
        there.add(networks.get("net"));
        member(
                "db",
                "'NetworkMode':'net'",
                "'net':{'Aliases':['db','database']},'lan':{'IPAMConfig':{'IPv4Address':" + "'192.168.1.7'}}",
                "",
                List.of());
        member(
                "web",
                "'NetworkMode':'bridge','Links':['/db:/web/mysql','/gone:/web/gone']",
                "'bridge':{}",
                "",
                List.of());
        member("side", "'NetworkMode':'container:db'", "", "", List.of());
        member(
                "stranger",
                "'NetworkMode':'container:" + OTHER + "','PidMode':'container:" + OTHER + "'",
                "",
                "",
                List.of());
        ApplicationPlan plan = plan();
        assertThat(plan.networks()).containsOnlyKeys("drill-1_net", "drill-1_lan", "drill-1_isolated");
        assertThat(text(plan.networks().get("drill-1_net")))
                .contains("10.9.1.0/24")
                .doesNotContain("fd00");
        assertThat(text(plan.networks().get("drill-1_lan"))).doesNotContain("192.168", "parent");
        assertThat(text(body(plan, "db").object("NetworkingConfig"))).contains("\"db\"", "database");
        assertThat(host(plan, "web").has("Links")).isFalse();
        assertThat(text(body(plan, "web").object("NetworkingConfig"))).contains("\"Links\":[\"drill-1-db:mysql\"]");
        assertThat(host(plan, "side").has("Dns"))
                .as("refused with the network of another")
                .isFalse();
        assertThat(host(plan, "side").string("NetworkMode")).isEqualTo("container:drill-1-db");
        assertThat(host(plan, "stranger").string("NetworkMode")).isEqualTo("drill-1_isolated");
        assertThat(host(plan, "stranger").has("PidMode")).isFalse();
    }

    @Test
    void bindMounts_areCopies_orPlainFiles_orLeftOut() throws IOException {
        Path plain = Files.writeString(dir.resolve("nginx.conf"), "x");
        Path directory = Files.createDirectory(dir.resolve("directory"));
        String binds = "'Binds':['" + dir + "/captured/:/a:Z,rshared','" + plain + ":/b:Z,rshared','" + directory
                + ":/c:ro','/var/run/docker.sock:/d','named:/f'],'Mounts':[{'Type':'bind','Source':'" + dir
                + "/captured','Target':'/g','ReadOnly':true,'BindOptions':{'Propagation':'rshared'}},{'Type':'bind',"
                + "'Source':'" + plain + "','Target':'/h'},{'Type':'cluster','Target':'/i'},{'Type':'volume','Target':"
                + "'/j','VolumeOptions':{'DriverConfig':{'Name':'glusterfs'}}}]";
        member("app", "'NetworkMode':'none'," + binds, "", "", List.of(dir + "/captured"));
        ApplicationPlan plan = plan();
        assertThat(host(plan, "app").strings("Binds"))
                .containsExactly(dir + "/paths/0:/a:Z", plain + ":/b:ro", "drill-1_named:/f");
        assertThat(host(plan, "app").objects("Mounts").stream().map(IsolatedApplicationTest::text))
                .containsExactly(
                        "{\"Type\":\"bind\",\"Source\":\"" + dir + "/paths/0\",\"Target\":\"/g\",\"ReadOnly\":true}",
                        "{\"Type\":\"bind\",\"Source\":\"" + plain + "\",\"Target\":\"/h\",\"ReadOnly\":true}",
                        "{\"Type\":\"volume\",\"Target\":\"/j\",\"VolumeOptions\":{}}");
        assertThat(plan.paths()).isEqualTo(Map.of(dir + "/captured", dir + "/paths/0"));
        assertThat(warnings)
                .contains("container app: bind mount " + plain
                        + " is not in the snapshot, and that of this host is mounted read-only")
                .contains("container app: bind mount " + directory + " is not in the snapshot, and is left out")
                .hasSize(4);
        seesFiles = false;
        product = EngineInfo.Product.PODMAN;
        assertThat(host(plan(), "app").strings("Binds")).containsExactly("drill-1_named:/f:nocopy");
    }

    @Test
    void volumesOfOtherDrivers_becomeLocalOnes() throws IOException {
        CapturedVolume remote = new CapturedVolume(
                "data", "/data", false, new VolumeSpec("data", "rexray", Map.of(), Map.of("keep", "yes")));
        member("app", "'NetworkMode':'none','Binds':['data:/data']", "", "", List.of());
        ContainerDocument plain = Objects.requireNonNull(members.get("app"));
        members.put(
                "app",
                new ContainerDocument(
                        plain.container(),
                        plain.image(),
                        List.of(remote),
                        Map.of(),
                        List.of(),
                        plain.platform(),
                        plain.hostName()));
        assertThat(plan().volumes())
                .containsExactly(new VolumeSpec("drill-1_data", "local", Map.of(), Map.of("keep", "yes")));
    }
}
