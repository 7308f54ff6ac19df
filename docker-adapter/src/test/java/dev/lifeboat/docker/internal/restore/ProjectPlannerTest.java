package dev.lifeboat.docker.internal.restore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.docker.engine.EngineInfo;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.layout.ProjectDocument;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.plan.Conflict;
import dev.lifeboat.docker.plan.PlanStep;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.image.ImageSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Decisions about a project of several services, without an engine. */
class ProjectPlannerTest {
    private static final String IMAGE = "sha256:" + "1".repeat(64);
    private static final String PROJECT = "com.docker.compose.project";

    private final Map<String, ContainerDocument> members = new TreeMap<>();
    private final Map<String, NetworkSpec> networks = new TreeMap<>();
    private final List<ContainerSpec> there = new ArrayList<>();
    private final List<NetworkSpec> networksThere = new ArrayList<>();
    private final Map<String, VolumeSpec> volumesThere = new HashMap<>();
    private Set<String> volumeDrivers = Set.of("local");

    private static JsonObject json(String text) throws IOException {
        return JsonObject.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "test");
    }

    private static String id(String service) {
        return String.format("%064x", service.hashCode() & 0xffffffffL);
    }

    /** A container of a service as v2 makes it, and as an engine shows it. */
    private static ContainerSpec container(String service, String host, String endpoints, String labels)
            throws IOException {
        return ContainerSpec.of(json("{'Id':'" + id(service) + "','Name':'/shop-" + service + "-1','Image':'" + IMAGE
                + "','State':{'Running':true},'HostConfig':{" + host + "},'NetworkSettings':{'Networks':{" + endpoints
                + "}},'Config':{'Image':'app:1','Labels':{'" + PROJECT + "':'shop','com.docker.compose.service':'"
                + service + "','com.docker.compose.container-number':'1','com.docker.compose.config-hash':'h'" + labels
                + "}}}"));
    }

    private void member(ContainerSpec container, List<String> paths, CapturedVolume... volumes) throws IOException {
        ImageSpec image = new ImageSpec(
                IMAGE,
                Optional.of(IMAGE),
                List.of("sha256:" + "2".repeat(64)),
                List.of("app:1"),
                List.of(),
                "linux/amd64",
                "",
                Optional.empty());
        String service = container.labels().getOrDefault("com.docker.compose.service", "");
        members.put(
                service + "-1",
                new ContainerDocument(
                        container, image, List.of(volumes), Map.of(), paths, "linux/amd64", "engine-host"));
    }

    private void network(String name, String more) throws IOException {
        networks.put(name, NetworkSpec.of(json("{'Name':'" + name + "','Id':'n','Driver':'bridge'" + more + "}")));
    }

    private ApplicationPlan plan(RestoreOptions options) throws IOException {
        Map<String, ImageSpec> images = new HashMap<>();
        members.values().forEach(document -> images.put("app:1", document.image()));
        EngineView engine = new EngineView(
                there,
                volumesThere,
                networksThere,
                images,
                true,
                path -> !path.startsWith("/missing"),
                EngineInfo.Product.DOCKER,
                volumeDrivers,
                Set.of("bridge"));
        ProjectDocument project = new ProjectDocument("shop", "/srv/shop", Map.of(), List.of());
        return new Planner(
                        CapturedApplication.of(members, networks, Optional.of(project)),
                        options,
                        engine,
                        image -> false)
                .plan();
    }

    private static RestoreOptions copy() {
        return RestoreOptions.applicationCopy("copy", true);
    }

    private static RestoreOptions inPlace() {
        return RestoreOptions.applicationInPlace(true);
    }

    private static JsonObject body(ApplicationPlan plan, String key) {
        return plan.members().stream()
                .filter(member -> member.key().equals(key))
                .findFirst()
                .orElseThrow()
                .body();
    }

    private static List<Conflict.Kind> conflicts(ApplicationPlan plan) {
        return plan.plan().conflicts().stream().map(Conflict::kind).toList();
    }

    private static List<String> steps(ApplicationPlan plan, PlanStep.Action action) {
        return plan.plan().steps().stream()
                .filter(step -> step.action() == action)
                .map(step -> step.resource() + " " + step.name())
                .toList();
    }

    @Test
    void copy_isAProjectOfItsOwn() throws IOException {
        VolumeSpec data = new VolumeSpec(
                "shop_dbdata",
                "local",
                Map.of(),
                Map.of(PROJECT, "shop", "com.docker.compose.volume", "dbdata", "com.docker.compose.config-hash", "v"));
        member(
                container("db", "'Binds':['shop_dbdata:/data:rw']", "'shop_back':{'Aliases':['shop-db-1','db']}", ""),
                List.of(),
                new CapturedVolume("shop_dbdata", "/data", false, data));
        member(
                container(
                        "worker",
                        "'NetworkMode':'container:" + id("web") + "','VolumesFrom':['" + id("db") + ":ro']",
                        "",
                        ""),
                List.of());
        member(
                container(
                        "web",
                        "",
                        "'shop_back':{'Links':['shop-db-1:database']},'proxy':{'Aliases':['web']}",
                        ",'com.docker.compose.depends_on':'db:service_healthy:true'"),
                List.of());
        String labels = ",'Labels':{'" + PROJECT + "':'shop','com.docker.compose.network':'back'}";
        network("shop_back", labels);
        network("proxy", "");
        networksThere.add(networks.get("proxy"));
        ApplicationPlan plan = plan(copy().with(o -> o.start = true));
        assertThat(plan.plan().conflicts()).isEmpty();
        assertThat(plan.members().stream().map(ApplicationPlan.Member::name))
                .containsExactly("copy-db-1", "copy-web-1", "copy-worker-1");
        assertThat(plan.networks()).containsOnlyKeys("copy_back");
        assertThat(at(plan.networks(), "copy_back").stringMap("Labels")).containsEntry(PROJECT, "copy");
        assertThat(plan.volumes()).hasSize(1);
        assertThat(plan.volumes().get(0).name()).isEqualTo("copy_dbdata");
        assertThat(plan.volumes().get(0).labels())
                .containsEntry(PROJECT, "copy")
                .doesNotContainKey("com.docker.compose.config-hash");
        assertThat(body(plan, "db-1").stringMap("Labels"))
                .containsEntry(PROJECT, "copy")
                .containsEntry("com.docker.compose.config-hash", "h");
        assertThat(body(plan, "db-1").object("HostConfig").strings("Binds")).containsExactly("copy_dbdata:/data:rw");
        JsonObject worker = body(plan, "worker-1").object("HostConfig");
        assertThat(worker.string("NetworkMode")).isEqualTo("container:copy-web-1");
        assertThat(worker.strings("VolumesFrom")).containsExactly("copy-db-1:ro");
        ApplicationPlan.Member web = plan.members().get(1);
        assertThat(at(web.endpoints(), "copy_back").strings("Links")).containsExactly("copy-db-1:database");
        assertThat(web.endpoints()).containsKey("proxy");
        assertThat(plan.plan().warnings()).anyMatch(w -> w.contains("joins network proxy"));
        assertThat(plan.plan().toString()).contains("once copy-db-1 is healthy");
    }

    @Test
    void names_ofV1_andOfTheUser_getThePrefix() throws IOException {
        Naming naming = new Naming(copy(), Optional.of("shop"));
        ContainerSpec v1 = ContainerSpec.of(
                json("{'Id':'1','Name':'/shop_db_1','Config':{'Labels':{'" + PROJECT + "':'shop'}},'HostConfig':{}}"));
        ContainerSpec own = ContainerSpec.of(
                json("{'Id':'1','Name':'/mydb','Config':{'Labels':{'" + PROJECT + "':'shop'}},'HostConfig':{}}"));
        assertThat(naming.container(v1)).isEqualTo("copy_db_1");
        assertThat(naming.container(own)).isEqualTo("copy-mydb");
        Naming renamed =
                new Naming(copy().with(o -> o.remapping = o.remapping.container("mydb", "x")), Optional.of("shop"));
        assertThat(renamed.container(own)).isEqualTo("x");
    }

    @Test
    void inPlace_stopsInReverse_andFindsContainersThatAreNamedOtherwise() throws IOException {
        ContainerSpec db = container("db", "", "", "");
        ContainerSpec web = container("web", "", "", ",'com.docker.compose.depends_on':'db:service_started:false'");
        member(db, List.of());
        member(web, List.of());
        ContainerSpec otherName = ContainerSpec.of(
                json(new String(db.inspect().toBytes(), StandardCharsets.UTF_8).replace("/shop-db-1", "/shop_db_1")));
        there.add(otherName);
        there.add(web);
        ApplicationPlan plan = plan(inPlace());
        assertThat(conflicts(plan)).isEmpty();
        assertThat(steps(plan, PlanStep.Action.STOP)).containsExactly("CONTAINER shop-web-1", "CONTAINER shop_db_1");
        assertThat(steps(plan, PlanStep.Action.START)).containsExactly("CONTAINER shop-db-1", "CONTAINER shop-web-1");
        assertThat(plan.members()).allMatch(member -> member.replaced().isPresent());
    }

    @Test
    void fixedAddresses_moveWithTheirRange() throws IOException {
        member(container("db", "", "'shop_back':{'IPAMConfig':{'IPv4Address':'172.28.77.10'}}", ""), List.of());
        String config = ",'IPAM':{'Driver':'default','Config':[{'Subnet':'172.28.77.0/24','Gateway':'172.28.77.254',"
                + "'IPRange':'172.28.77.128/25','AuxiliaryAddresses':{'router':'172.28.77.5'}}]},'Labels':{'" + PROJECT
                + "':'shop','com.docker.compose.network':'back'}";
        network("shop_back", config);
        assertThat(moved(plan(copy())))
                .as("free on this engine")
                .containsExactly("172.28.77.0/24", "172.28.77.254", "172.28.77.128/25", "172.28.77.5", "172.28.77.10");
        networksThere.add(
                NetworkSpec.of(json("{'Name':'shop_back','Id':'x','IPAM':{'Config':[{'Subnet':'172.28.77.0/24'}]}}")));
        networksThere.add(
                NetworkSpec.of(json("{'Name':'other','Id':'y','IPAM':{'Config':[{'Subnet':'172.28.78.0/24'}]}}")));
        assertThat(moved(plan(copy())))
                .containsExactly("172.28.79.0/24", "172.28.79.254", "172.28.79.128/25", "172.28.79.5", "172.28.79.10");
        RestoreOptions chosen = copy().with(o -> o.remapping = o.remapping.subnet("172.28.77.0/24", "10.9.0.0/16"));
        assertThat(moved(plan(chosen)))
                .containsExactly("10.9.0.0/16", "10.9.0.254", "10.9.0.128/25", "10.9.0.5", "10.9.0.10");
        RestoreOptions small = copy().with(o -> o.remapping = o.remapping.subnet("172.28.77.0/24", "10.9.0.0/28"));
        assertThat(conflicts(plan(small))).containsExactly(Conflict.Kind.SUBNET_TAKEN);
        RestoreOptions taken = copy().with(o -> o.remapping = o.remapping.subnet("172.28.77.0/24", "172.28.78.0/24"));
        assertThat(conflicts(plan(taken))).containsExactly(Conflict.Kind.SUBNET_TAKEN);
    }

    private static JsonObject at(Map<String, JsonObject> map, String key) {
        return Objects.requireNonNull(map.get(key), key);
    }

    private static List<String> moved(ApplicationPlan plan) throws IOException {
        JsonObject config = at(plan.networks(), "copy_back")
                .object("IPAM")
                .objects("Config")
                .get(0);
        return List.of(
                config.string("Subnet"),
                config.string("Gateway"),
                config.string("IPRange"),
                config.object("AuxiliaryAddresses").string("router"),
                at(plan.members().get(0).endpoints(), "copy_back")
                        .object("IPAMConfig")
                        .string("IPv4Address"));
    }

    @Test
    void addressThatAnotherHasByNow_isAConflict() throws IOException {
        member(container("db", "", "'shop_back':{'IPAMConfig':{'IPv4Address':'172.28.77.10'}}", ""), List.of());
        network("shop_back", ",'IPAM':{'Config':[{'Subnet':'172.28.77.0/24'}]}");
        networksThere.add(networks.get("shop_back"));
        there.add(
                ContainerSpec.of(json("{'Id':'9','Name':'/thief','State':{'Running':true},'HostConfig':{},'Config':{},"
                        + "'NetworkSettings':{'Networks':{'shop_back':{'IPAddress':'172.28.77.10'}}}}")));
        assertThat(conflicts(plan(inPlace()))).containsExactly(Conflict.Kind.ADDRESS_TAKEN);
    }

    @Test
    void ports_areKept_remapped_freed_orLeftOut() throws IOException {
        member(
                container(
                        "web",
                        "'PortBindings':{'80/tcp':[{'HostIp':'','HostPort':'8080'}],'443/tcp':[{'HostPort':'8443'}]}",
                        "",
                        ""),
                List.of());
        there.add(
                ContainerSpec.of(json("{'Id':'9','Name':'/other','State':{'Running':true},'HostConfig':{},'Config':{},"
                        + "'NetworkSettings':{'Ports':{'80/tcp':[{'HostIp':'0.0.0.0','HostPort':'8080'}]}}}")));
        assertThat(conflicts(plan(copy().with(o -> o.start = true)))).containsExactly(Conflict.Kind.PORT_TAKEN);
        assertThat(plan(copy()).plan().warnings()).anyMatch(w -> w.contains("8080"));
        ApplicationPlan remapped = plan(copy().with(o -> {
            o.start = true;
            o.remapping = o.remapping.port(8080, 18080);
        }));
        assertThat(conflicts(remapped)).isEmpty();
        assertThat(hostPorts(remapped)).containsExactlyInAnyOrder("18080", "8443");
        assertThat(hostPorts(plan(copy().with(o -> o.ports = RestoreOptions.Ports.FREE))))
                .containsExactly("", "");
        assertThat(body(plan(copy().with(o -> o.ports = RestoreOptions.Ports.NONE)), "web-1")
                        .object("HostConfig")
                        .has("PortBindings"))
                .isFalse();
    }

    private static List<String> hostPorts(ApplicationPlan plan) throws IOException {
        JsonObject bindings = body(plan, "web-1").object("HostConfig").object("PortBindings");
        List<String> ports = new ArrayList<>();
        for (String port : bindings.members().keySet()) {
            ports.add(bindings.objects(port).get(0).string("HostPort"));
        }
        return ports;
    }

    @Test
    void missingSecret_isAConflict_untilItIsToBeWritten() throws IOException {
        String mount =
                "'Mounts':[{'Type':'bind','Source':'/missing/token','Target':'/run/secrets/token','ReadOnly':true}]";
        member(container("web", mount, "", ""), List.of("/missing/token"));
        ApplicationPlan refused = plan(inPlace());
        assertThat(conflicts(refused)).containsExactly(Conflict.Kind.MISSING_HOST_PATH);
        assertThat(refused.plan().conflicts().get(0).remedy()).contains(".writeMissingPaths()");
        ApplicationPlan written = plan(inPlace().with(o -> o.missingPaths = true));
        assertThat(conflicts(written)).isEmpty();
        assertThat(written.paths()).isEqualTo(Map.of("/missing/token", "/missing/token"));
        assertThat(steps(written, PlanStep.Action.WRITE)).containsExactly("PATH /missing/token");
        ApplicationPlan elsewhere =
                plan(copy().with(o -> o.remapping = o.remapping.bindMount("/missing/token", "/missing/other")));
        assertThat(elsewhere.paths())
                .as("a path that the caller names")
                .isEqualTo(Map.of("/missing/token", "/missing/other"));
        members.clear();
        member(container("web", mount, "", ""), List.of());
        assertThat(conflicts(plan(inPlace().with(o -> o.missingPaths = true))))
                .as("its content is not in the snapshot")
                .containsExactly(Conflict.Kind.MISSING_HOST_PATH);
    }

    /** Neither a name nor a number makes a container or volume the one that was captured. */
    @Test
    void resourcesOfOthers_areConflictsInPlace() throws IOException {
        VolumeSpec data = new VolumeSpec("data", "local", Map.of(), Map.of(PROJECT, "shop"));
        member(
                container("db", "'Binds':['data:/data']", "", ""),
                List.of(),
                new CapturedVolume("data", "/data", false, data));
        there.add(ContainerSpec.of(json("{'Id':'9','Name':'/shop-db-1','State':{'Running':true},'HostConfig':{},"
                + "'Config':{'Labels':{'" + PROJECT + "':'blog'}}}")));
        volumesThere.put("data", new VolumeSpec("data", "local", Map.of(), Map.of(PROJECT, "blog")));
        ApplicationPlan plan = plan(inPlace());
        assertThat(conflicts(plan)).containsExactlyInAnyOrder(Conflict.Kind.NAME_TAKEN, Conflict.Kind.NAME_TAKEN);
        assertThat(plan.plan().toString()).contains("belongs to Compose project blog");
        there.clear();
        there.add(ContainerSpec.of(json("{'Id':'9','Name':'/shop-db-1','State':{'Running':true},'HostConfig':{},"
                + "'Config':{'Labels':{}}}")));
        volumesThere.clear();
        assertThat(plan(inPlace()).plan().toString()).contains("belongs to no Compose project");
    }

    @Test
    void containersInTheNetworkOfTheHost_takeNoAddress() throws IOException {
        member(container("web", "'NetworkMode':'host'", "'host':{'IPAMConfig':null,'IPAddress':''}", ""), List.of());
        networksThere.add(NetworkSpec.of(json("{'Name':'host','Id':'h','Driver':'host'}")));
        there.add(ContainerSpec.of(json("{'Id':'9','Name':'/exporter','State':{'Running':true},'HostConfig':{},"
                + "'Config':{},'NetworkSettings':{'Networks':{'host':{'IPAddress':''}}}}")));
        assertThat(conflicts(plan(inPlace()))).isEmpty();
    }

    @Test
    void networkOfAnotherProject_isJoined_notTakenForTheOwn() throws IOException {
        member(container("web", "", "'shop_default':{},'traefik_default':{}", ""), List.of());
        String label = "'com.docker.compose.network':'default'}";
        network("shop_default", ",'Labels':{'" + PROJECT + "':'shop'," + label);
        network("traefik_default", ",'Labels':{'" + PROJECT + "':'traefik'," + label);
        networksThere.add(networks.get("traefik_default"));
        ApplicationPlan plan = plan(copy());
        assertThat(conflicts(plan)).isEmpty();
        assertThat(plan.networks()).containsOnlyKeys("copy_default");
        assertThat(plan.members().get(0).endpoints()).containsOnlyKeys("copy_default", "traefik_default");
    }

    @Test
    void whatIsToBeReplaced_hasToBeThere() throws IOException {
        member(container("web", "'PortBindings':{'80/tcp':[{'HostPort':'8080'}]}", "", ""), List.of());
        ApplicationPlan plan = plan(copy().with(o -> o.remapping = o.remapping
                .container("shop-wbe-1", "x")
                .volume("dbdata", "x")
                .network("bakc", "x")
                .subnet("10.0.0.0/8", "10.1.0.0/16")
                .bindMount("/srv", "/x")
                .port(80, 81)));
        assertThat(conflicts(plan)).hasSize(6).containsOnly(Conflict.Kind.UNKNOWN_NAME);
        assertThat(plan.plan().conflicts().get(0).remedy()).contains("shop-web-1");
    }

    @Test
    void missingDrivers_areNamed() throws IOException {
        VolumeSpec data = new VolumeSpec("data", "rexray", Map.of(), Map.of());
        member(
                container("db", "'Binds':['data:/data']", "", ""),
                List.of(),
                new CapturedVolume("data", "/data", false, data));
        networks.put("net", NetworkSpec.of(json("{'Name':'net','Id':'n','Driver':'weave'}")));
        assertThat(conflicts(plan(inPlace())))
                .containsExactlyInAnyOrder(Conflict.Kind.MISSING_DRIVER, Conflict.Kind.MISSING_DRIVER);
        volumeDrivers = Set.of();
        assertThat(conflicts(plan(inPlace())))
                .as("an engine that does not tell its drivers")
                .containsExactly(Conflict.Kind.MISSING_DRIVER);
    }

    @Test
    void idOfTheImage_isThatOfThisEngine() throws IOException {
        member(container("web", "", "", ",'com.docker.compose.image':'" + IMAGE + "'"), List.of());
        assertThat(body(plan(inPlace()), "web-1").stringMap("Labels")).containsEntry("com.docker.compose.image", IMAGE);
    }
}
