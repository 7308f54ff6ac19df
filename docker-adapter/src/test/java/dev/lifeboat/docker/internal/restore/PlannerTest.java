package dev.lifeboat.docker.internal.restore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.docker.engine.EngineInfo;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.internal.restore.RestoreOptions.BindMounts;
import dev.lifeboat.docker.plan.Conflict;
import dev.lifeboat.docker.plan.PlanStep.Action;
import dev.lifeboat.docker.plan.RestorePlan;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Decisions of a restore, without an engine. */
class PlannerTest {
    private static final String IMAGE = "sha256:" + "1".repeat(64);
    private static final String ID = "a".repeat(64);

    private final List<ContainerSpec> containers = new ArrayList<>();
    private final Map<String, VolumeSpec> volumes = new HashMap<>();
    private final List<NetworkSpec> networks = new ArrayList<>();
    private final Map<String, NetworkSpec> capturedNetworks = new TreeMap<>();
    private final List<CapturedVolume> capturedVolumes = new ArrayList<>();
    private final Map<String, String> names = new TreeMap<>();
    private boolean imageIsThere = true;
    private boolean seesFiles = true;

    private static JsonObject json(String text) throws IOException {
        return JsonObject.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "test");
    }

    /** A container as an engine shows it. */
    private static ContainerSpec container(String id, String name, String state, String host, String more)
            throws IOException {
        return ContainerSpec.of(json("{'Id':'" + id + "','Name':'/" + name + "','Image':'" + IMAGE + "','State':{"
                + state + "},'HostConfig':{" + host + "}," + more + "}"));
    }

    private static ContainerSpec app(String host, String config, String more) throws IOException {
        return container(
                ID,
                "app",
                "'Running':true",
                host,
                "'Config':{'Image':'app:1','Hostname':'" + ID.substring(0, 12) + "'" + config + "}" + more);
    }

    private Plan plan(ContainerSpec captured, RestoreOptions options) throws IOException {
        ContainerDocument document = new ContainerDocument(
                captured,
                new ImageSpec(
                        IMAGE,
                        Optional.of(IMAGE),
                        List.of("sha256:" + "2".repeat(64)),
                        List.of("app:1"),
                        List.of(),
                        "linux/amd64",
                        "",
                        Optional.empty()),
                capturedVolumes,
                names,
                List.of(),
                "linux/amd64",
                "engine-host");
        Map<String, ImageSpec> images = new HashMap<>();
        if (imageIsThere) {
            images.put(IMAGE, document.image());
            images.put("app:1", document.image());
        }
        EngineView engine = new EngineView(
                containers,
                volumes,
                networks,
                images,
                seesFiles,
                path -> !path.startsWith("/missing"),
                EngineInfo.Product.DOCKER,
                Set.of("local"),
                Set.of("bridge", "macvlan"));
        ApplicationPlan plan = new Planner(
                        CapturedApplication.of(Map.of(captured.name(), document), capturedNetworks, Optional.empty()),
                        options,
                        engine,
                        image -> false)
                .plan();
        return new Plan(
                plan.plan(),
                plan.members().get(0).body(),
                plan.networks(),
                plan.volumes(),
                plan.members().get(0));
    }

    /** The plan of one container. */
    private record Plan(
            RestorePlan plan,
            JsonObject body,
            Map<String, JsonObject> networks,
            List<VolumeSpec> volumes,
            ApplicationPlan.Member member) {}

    private static RestoreOptions copy() {
        return RestoreOptions.copy("copy");
    }

    private static RestoreOptions inPlace() {
        return RestoreOptions.inPlace();
    }

    private static List<Conflict.Kind> conflicts(Plan plan) {
        return plan.plan().conflicts().stream().map(Conflict::kind).toList();
    }

    private static JsonObject host(Plan plan) throws IOException {
        return plan.body().object("HostConfig");
    }

    private static CapturedVolume volume(String name, Map<String, String> options) {
        return new CapturedVolume(
                name, "/" + name, VolumeSpec.isAnonymous(name), new VolumeSpec(name, "local", options, Map.of()));
    }

    @Test
    void plainCopy_hasStepsInOrder_andNewNames() throws IOException {
        capturedVolumes.add(volume("data", Map.of()));
        Plan plan = plan(app("'Binds':['data:/data:rw']", "", ""), copy().with(o -> o.start = true));
        assertThat(plan.plan().conflicts()).isEmpty();
        assertThat(plan.plan().steps().stream().map(step -> step.action() + " " + step.name()))
                .containsExactly("USE app:1", "CREATE copy_data", "CREATE copy", "WRITE copy_data", "START copy");
        assertThat(host(plan).strings("Binds")).containsExactly("copy_data:/data:rw");
        assertThat(plan.body().has("Hostname"))
                .as("made of the id by the engine")
                .isFalse();
        assertThat(plan.volumes()).extracting(VolumeSpec::name).containsExactly("copy_data");
    }

    @Test
    void whatIsThereAlready_isComparedWithWhatWasCaptured() throws IOException {
        capturedVolumes.add(volume("data", Map.of("o", "size=1")));
        volumes.put("data", new VolumeSpec("data", "local", Map.of("o", "size=1"), Map.of()));
        ContainerSpec app = app("'Binds':['data:/data']", "", "");
        assertThat(plan(app, inPlace()).plan().warnings()).isEmpty();
        volumes.put("data", new VolumeSpec("data", "local", Map.of("o", "size=2"), Map.of("a", "b")));
        assertThat(plan(app, inPlace()).plan().warnings())
                .anyMatch(w -> w.contains("volume data") && w.contains("size=1") && w.contains("size=2"))
                .anyMatch(w -> w.contains("labels"));
        NetworkSpec captured = NetworkSpec.of(
                json("{'Name':'net','Id':'1','Driver':'bridge','Internal':false,'Options':{'a':'1'},'Labels':{}}"));
        capturedNetworks.put("net", captured);
        networks.add(
                NetworkSpec.of(json("{'Name':'net','Id':'2','Driver':'bridge','Options':{'a':'2'},'Labels':null}")));
        assertThat(plan(app, inPlace()).plan().warnings())
                .filteredOn(w -> w.contains("network net"))
                .singleElement()
                .asString()
                .contains("Options", "{a=1}", "{a=2}");
    }

    @Test
    void environmentLabelsAndUser_takeThePlaceOfCapturedOnes() throws IOException {
        ContainerSpec app = app(
                "",
                ",'Env':['A=1','B=2','EMPTY'],'User':'7','Labels':{'com.docker.compose.service':'web','keep':'1','proxy':'on'}",
                "");
        Plan plan = plan(app, inPlace().with(o -> {
            o.environment("web", "B", Optional.of("x=y"));
            o.environment("web", "C", Optional.of("secret"));
            o.environment("web", "EMPTY", Optional.empty());
            o.label("web", "proxy", Optional.empty());
            o.label("app", "more", Optional.of("2"));
            o.user("app", "1000:1000");
        }));
        assertThat(plan.body().strings("Env")).containsExactly("A=1", "B=x=y", "C=secret");
        assertThat(plan.body().stringMap("Labels"))
                .isEqualTo(Map.of("com.docker.compose.service", "web", "keep", "1", "more", "2"));
        assertThat(plan.body().string("User")).isEqualTo("1000:1000");
        assertThat(plan.plan().steps())
                .extracting(Object::toString)
                .contains("CONFIGURE container app (environment B, environment C, without environment EMPTY,"
                        + " label more, without label proxy, user 1000:1000)");
        assertThat(plan(app, inPlace().with(o -> o.user("db", "1"))).plan().conflicts())
                .singleElement()
                .satisfies(conflict -> {
                    assertThat(conflict.kind()).isEqualTo(Conflict.Kind.UNKNOWN_NAME);
                    assertThat(conflict.toString()).contains("service db", "[app, web]");
                });
    }

    @Test
    void settingsOfASingleContainer_areNotComparedAsDifferences() throws IOException {
        RestoreOptions options = copy().with(o -> {
            o.environment("", "B", Optional.of("3"));
            o.label("", "one", Optional.empty());
            o.user("", "9");
        });
        ContainerSpec app = app("", ",'Env':['B=2'],'User':'7','Labels':{'one':'1'}", "");
        Plan plan = plan(app, options);
        assertThat(plan.body().strings("Env")).containsExactly("B=3");
        ContainerSpec created = app("", ",'Env':['B=3','PATH=/bin'],'User':'9','Labels':{}", "");
        ContainerSettings settings =
                ContainerSettings.of(options.settings(), plan.member().document());
        assertThat(ConfigurationCheck.differences(app, settings, plan.body(), created))
                .isEmpty();
        assertThat(ConfigurationCheck.differences(app, ContainerSettings.NONE, plan.body(), app))
                .isEmpty();
        ContainerSpec other = app("", ",'Env':['B=2'],'User':'7','Labels':{'one':'2'}", "");
        assertThat(ConfigurationCheck.differences(app, settings, plan.body(), other))
                .hasSize(3);
    }

    @Test
    void portsOfASingleContainer_areReplacedOrFreed() throws IOException {
        ContainerSpec app = app("'PortBindings':{'80/tcp':[{'HostIp':'','HostPort':'8080'}]}", "", "");
        Plan other = plan(app, copy().with(o -> o.remapping = o.remapping.port(8080, 9090)));
        assertThat(host(other).object("PortBindings").objects("80/tcp"))
                .singleElement()
                .satisfies(binding -> assertThat(binding.string("HostPort")).isEqualTo("9090"));
        Plan free = plan(app, copy().with(o -> o.ports = RestoreOptions.Ports.FREE));
        assertThat(host(free).object("PortBindings").objects("80/tcp"))
                .singleElement()
                .satisfies(binding -> assertThat(binding.string("HostPort")).isEmpty());
    }

    @Test
    void unknownFields_arePassedOn() throws IOException {
        Plan plan = plan(app("'NewField':{'a':[1,null]}", ",'Other':'x'", ""), inPlace());
        assertThat(host(plan).object("NewField").toBytes())
                .isEqualTo(json("{'a':[1,null]}").toBytes());
        assertThat(plan.body().string("Other")).isEqualTo("x");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "type=none o=bind device=/live|/live",
                "type=nfs o=addr=10.0.0.1 device=:/export|:/export",
                "type=cifs device=//nas/share|//nas/share",
                "type=tmpfs device=tmpfs o=size=1m|",
                "type=tmpfs device=/live o=bind|/live",
                "|",
            })
    void copyOfAVolume_isOnTheOriginalsStorage_never(String options, String external) throws IOException {
        Map<String, String> map = new HashMap<>();
        if (options != null) {
            for (String option : options.split(" ", -1)) {
                map.put(option.substring(0, option.indexOf('=')), option.substring(option.indexOf('=') + 1));
            }
        }
        capturedVolumes.add(volume("data", map));
        Plan copied = plan(app("'Binds':['data:/data']", "", ""), copy());
        assertThat(copied.volumes().get(0).options()).isEqualTo(external == null ? map : Map.of());
        if (external != null) {
            assertThat(copied.plan().warnings()).anyMatch(w -> w.contains(external));
        }
        Plan same = plan(app("'Binds':['data:/data']", "", ""), inPlace());
        assertThat(same.volumes().get(0).options()).isEqualTo(map);
        assertThat(same.plan().warnings()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(BindMounts.class)
    void writableBindMounts_ofACopy(BindMounts treatment) throws IOException {
        ContainerSpec captured = app(
                "'Binds':['/live:/data:z','/etc/conf:/conf:ro'],'Mounts':[{'Type':'bind','Source':'/pg','Target':'/pg'},"
                        + "{'Type':'tmpfs','Target':'/t'}]",
                "",
                "");
        Plan plan = plan(captured, copy().with(o -> o.bindMounts = treatment));
        List<String> binds = host(plan).strings("Binds");
        switch (treatment) {
            case REFUSED ->
                assertThat(conflicts(plan))
                        .containsExactly(Conflict.Kind.SHARED_BIND_MOUNT, Conflict.Kind.SHARED_BIND_MOUNT);
            case LEFT_OUT -> {
                assertThat(binds).containsExactly("/etc/conf:/conf:ro");
                assertThat(host(plan).objects("Mounts")).hasSize(1);
            }
            case READ_ONLY -> {
                assertThat(binds).containsExactly("/live:/data:ro,z", "/etc/conf:/conf:ro");
                assertThat(host(plan).objects("Mounts").get(0).flag("ReadOnly")).isTrue();
            }
            case SHARED -> assertThat(binds).containsExactly("/live:/data:z", "/etc/conf:/conf:ro");
        }
        Plan remapped = plan(
                captured,
                copy().with(o ->
                        o.remapping = o.remapping.bindMount("/live", "/copy").bindMount("/pg", "/pg2")));
        assertThat(conflicts(remapped)).isEmpty();
        assertThat(host(remapped).strings("Binds")).containsExactly("/copy:/data:z", "/etc/conf:/conf:ro");
        assertThat(conflicts(plan(captured, inPlace())))
                .as("in place they are its own")
                .isEmpty();
    }

    @Test
    void bindMountsOfOthers_areNotSharedEither() throws IOException {
        ContainerSpec captured = app(
                "'VolumesFrom':['owner']",
                "",
                ",'Mounts':[{'Type':'bind','Source':'/live','Destination':'/data','RW':true}]");
        assertThat(conflicts(plan(captured, copy()))).containsExactly(Conflict.Kind.SHARED_BIND_MOUNT);
        Plan missing = plan(captured, inPlace());
        assertThat(host(missing).has("VolumesFrom")).as("its owner is missing").isFalse();
        assertThat(host(missing).strings("Binds")).containsExactly("/live:/data");
    }

    /** docker run --mount type=volume,dst=/data,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/live */
    @Test
    void anonymousVolumeOnTheOriginalsStorage_isNotShared() throws IOException {
        String live = "'DriverConfig':{'Name':'local','Options':{'type':'none','o':'bind','device':'/live'}}";
        ContainerSpec captured =
                app("'Mounts':[{'Type':'volume','Target':'/data','VolumeOptions':{" + live + "}}]", "", "");
        capturedVolumes.add(new CapturedVolume(
                "app:%2Fdata",
                "/data",
                true,
                new VolumeSpec(
                        "b".repeat(64), "local", Map.of("type", "none", "o", "bind", "device", "/live"), Map.of())));
        for (boolean sees : new boolean[] {true, false}) {
            seesFiles = sees;
            Plan copied = plan(captured, copy());
            assertThat(new String(copied.body().toBytes(), StandardCharsets.UTF_8))
                    .doesNotContain("/live");
            assertThat(copied.plan().warnings()).anyMatch(w -> w.contains("/live"));
            assertThat(new String(plan(captured, inPlace()).body().toBytes(), StandardCharsets.UTF_8))
                    .contains("/live");
        }
    }

    /** docker compose up mounts the anonymous volumes of the container that it replaces by their name. */
    @Test
    void anonymousVolumeMountedByName_isNewInACopy() throws IOException {
        String volume = "b".repeat(64);
        capturedVolumes.add(
                new CapturedVolume("app:%2Fdata", "/data", true, new VolumeSpec(volume, "local", Map.of(), Map.of())));
        ContainerSpec byBind = app("'Binds':['" + volume + ":/data:rw']", "", "");
        ContainerSpec byMount = app("'Mounts':[{'Type':'volume','Source':'" + volume + "','Target':'/data'}]", "", "");
        for (boolean sees : new boolean[] {true, false}) {
            seesFiles = sees;
            for (ContainerSpec captured : List.of(byBind, byMount)) {
                JsonObject copied = host(plan(captured, copy()));
                assertThat(new String(copied.toBytes(), StandardCharsets.UTF_8)).doesNotContain(volume);
                assertThat(copied.objects("Mounts")).hasSize(1);
                assertThat(copied.objects("Mounts").get(0).string("Target")).isEqualTo("/data");
                JsonObject same = host(plan(captured, inPlace()));
                assertThat(new String(same.toBytes(), StandardCharsets.UTF_8)).contains(volume);
                assertThat(same.strings("Binds").size() + same.objects("Mounts").size())
                        .isEqualTo(1);
            }
        }
    }

    /** A sidecar with the volumes of a running database must not overwrite its files. */
    @Test
    void anonymousVolumeOfARunningOwner_isAConflictInPlace() throws IOException {
        String volume = "b".repeat(64);
        capturedVolumes.add(
                new CapturedVolume("app:%2Fdata", "/data", true, new VolumeSpec(volume, "local", Map.of(), Map.of())));
        volumes.put(volume, capturedVolumes.get(0).volume());
        containers.add(container(
                "c".repeat(64),
                "db",
                "'Running':true",
                "",
                "'Config':{},'Mounts':[{'Type':'volume','Name':'" + volume + "','Destination':'/data','RW':true}]"));
        names.put("d".repeat(64), "db");
        ContainerSpec captured = app("'VolumesFrom':['" + "d".repeat(64) + ":ro']", "", "");
        seesFiles = false;
        Plan plan = plan(captured, inPlace());
        assertThat(conflicts(plan)).containsExactly(Conflict.Kind.VOLUME_IN_USE);
        assertThat(host(plan).strings("VolumesFrom")).containsExactly("db:ro");
        assertThat(host(plan).objects("Mounts"))
                .as("the shared one is not covered")
                .isEmpty();
        assertThat(conflicts(plan(app("'Binds':['" + volume + ":/data']", "", ""), inPlace())))
                .containsExactly(Conflict.Kind.VOLUME_IN_USE);
    }

    @Test
    void twoVolumesOfOneName_areAConflict() throws IOException {
        capturedVolumes.add(volume("one", Map.of()));
        capturedVolumes.add(volume("two", Map.of()));
        Plan plan = plan(
                app("'Binds':['one:/one','two:/two']", "", ""),
                copy().with(o -> o.remapping = o.remapping.volume("one", "x").volume("two", "x")));
        assertThat(conflicts(plan)).containsExactly(Conflict.Kind.NAME_TAKEN);
    }

    @Test
    void writableDeviceOfACopy_isWarnedOf() throws IOException {
        ContainerSpec captured = app(
                "'Devices':[{'PathOnHost':'/dev/sdz','PathInContainer':'/dev/sdz','CgroupPermissions':'rwm'}]", "", "");
        assertThat(plan(captured, copy()).plan().warnings()).anyMatch(w -> w.contains("/dev/sdz"));
        assertThat(plan(captured, inPlace()).plan().warnings()).isEmpty();
    }

    @Test
    void missingHostPath_isAConflict_whereItCanBeSeen() throws IOException {
        ContainerSpec captured = app("'Binds':['/missing/x:/x']", "", "");
        assertThat(conflicts(plan(captured, inPlace()))).containsExactly(Conflict.Kind.MISSING_HOST_PATH);
        seesFiles = false;
        assertThat(conflicts(plan(captured, inPlace()))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            nullValues = "-",
            value = {
                // host configuration | host name | sent
                "'NetworkMode':'default'|own|own",
                "'NetworkMode':'host'|engine-host|-",
                "'NetworkMode':'host'|own|own",
                "'UTSMode':'host'|engine-host|-",
                "'NetworkMode':'host','UTSMode':'host'|engine-host|-",
                "'NetworkMode':'container:peer'|own|-",
                "'NetworkMode':'none'|own|own",
            })
    void hostName(String hostConfig, String hostName, String sent) throws IOException {
        containers.add(container("b".repeat(64), "peer", "'Running':true", "", "'Config':{}"));
        ContainerSpec captured = container(
                ID, "app", "'Running':true", hostConfig, "'Config':{'Image':'app:1','Hostname':'" + hostName + "'}");
        Plan plan = plan(captured, inPlace());
        assertThat(conflicts(plan)).isEmpty();
        assertThat(plan.body().optionalString("Hostname")).isEqualTo(Optional.ofNullable(sent));
    }

    @Test
    void referencesById_becomeNames() throws IOException {
        String peer = "b".repeat(64);
        names.put(peer, "peer");
        containers.add(container("c".repeat(64), "peer", "'Running':true", "", "'Config':{}"));
        ContainerSpec captured = app(
                "'NetworkMode':'container:" + peer + "','PidMode':'container:" + peer + "','IpcMode':'private'",
                "",
                "");
        Plan plan = plan(captured, inPlace());
        assertThat(conflicts(plan)).isEmpty();
        assertThat(host(plan).string("NetworkMode")).isEqualTo("container:peer");
        assertThat(host(plan).string("PidMode")).isEqualTo("container:peer");
        assertThat(host(plan).string("IpcMode")).isEqualTo("private");
        containers.clear();
        assertThat(conflicts(plan(captured, inPlace())))
                .containsExactlyInAnyOrder(Conflict.Kind.MISSING_CONTAINER, Conflict.Kind.MISSING_CONTAINER);
    }

    @Test
    void whoSharesANamespaceOfTheReplaced_isNamed() throws IOException {
        ContainerSpec old = app("'NetworkMode':'default'", "", "");
        containers.add(old);
        containers.add(container(
                "b".repeat(64), "sidecar", "'Running':true", "'NetworkMode':'container:" + ID + "'", "'Config':{}"));
        Plan plan = plan(old, inPlace());
        assertThat(plan.plan().warnings()).anyMatch(w -> w.contains("sidecar"));
        assertThat(plan.member().replaced()).contains(old);
        assertThat(plan.member().start()).isTrue();
        assertThat(plan.plan().steps().stream().map(step -> step.action()))
                .containsSubsequence(Action.STOP, Action.REPLACE, Action.START);
    }

    private static NetworkSpec network(String name, String ipam) throws IOException {
        return NetworkSpec.of(json(
                "{'Name':'" + name + "','Id':'n','Driver':'bridge','IPAM':{'Config':[" + ipam + "]},'Options':{}}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'Subnet':'172.18.0.0/16','Gateway':'172.18.0.1'}|true",
                "{'Subnet':'172.18.0.0/16'}|false",
                "{'Subnet':'172.18.0.0/16','Gateway':'172.18.0.254'}|false",
                "{'Subnet':'172.18.0.0/16','Gateway':'172.18.0.1','IPRange':'172.18.1.0/24'}|false",
                "{'Subnet':'10.213.0.0/16','Gateway':'10.213.0.1'}|false",
            })
    void takenAddressRange(String ipam, boolean chosenByEngine) throws IOException {
        capturedNetworks.put("net", network("net", ipam));
        ContainerSpec captured = app("'NetworkMode':'net'", "", ",'NetworkSettings':{'Networks':{'net':{}}}");
        Plan free = plan(captured, inPlace());
        assertThat(conflicts(free)).isEmpty();
        assertThat(Objects.requireNonNull(free.networks().get("net")).has("IPAM"))
                .as("kept where it is free")
                .isTrue();
        String subnet = capturedNetworks.get("net").subnets().get(0).toString();
        networks.add(network("other", "{'Subnet':'" + subnet.replace(".0/16", ".0/24") + "'}"));
        Plan taken = plan(captured, inPlace());
        if (chosenByEngine) {
            assertThat(conflicts(taken)).isEmpty();
            assertThat(Objects.requireNonNull(taken.networks().get("net")).has("IPAM"))
                    .isFalse();
            assertThat(taken.plan().warnings()).anyMatch(w -> w.contains(subnet));
        } else {
            assertThat(conflicts(taken)).containsExactly(Conflict.Kind.SUBNET_TAKEN);
        }
    }

    @Test
    void identity_isNotCopied() throws IOException {
        String config = ",'MacAddress':'02:42:00:00:00:01','Labels':{'com.docker.compose.project':'shop',"
                + "'com.docker.swarm.task':'1','traefik.enable':'true','own':'1'}";
        String endpoint = ",'NetworkSettings':{'Networks':{'net':{'IPAMConfig':{'IPv4Address':'10.0.0.9'},"
                + "'Aliases':['db','" + ID.substring(0, 12) + "'],'MacAddress':'02:42:00:00:00:02'}}}";
        networks.add(network("net", ""));
        Plan copied = plan(app("'NetworkMode':'net'", config, endpoint), copy());
        assertThat(copied.body().stringMap("Labels")).containsOnlyKeys("own", "traefik.enable");
        assertThat(copied.body().has("MacAddress")).isFalse();
        JsonObject sent = copied.body()
                .object("NetworkingConfig")
                .object("EndpointsConfig")
                .object("net");
        assertThat(sent.has("IPAMConfig")).isFalse();
        assertThat(sent.strings("Aliases")).containsExactly("db");
        assertThat(sent.has("MacAddress")).as("made up by the engine").isFalse();
        assertThat(copied.plan().warnings()).hasSize(4);
        Plan same = plan(app("'NetworkMode':'net'", config, endpoint), inPlace());
        assertThat(same.body().stringMap("Labels")).hasSize(4);
        assertThat(same.body().has("MacAddress")).isTrue();
        assertThat(same.plan().warnings()).isEmpty();
    }

    @Test
    void takenNames_areAllNamedAtOnce() throws IOException {
        capturedVolumes.add(volume("data", Map.of()));
        volumes.put("copy_data", new VolumeSpec("copy_data", "local", Map.of(), Map.of()));
        containers.add(container("b".repeat(64), "copy", "'Running':false", "", "'Config':{}"));
        imageIsThere = false;
        assertThat(conflicts(plan(app("", "", ""), copy())))
                .containsExactlyInAnyOrder(
                        Conflict.Kind.MISSING_IMAGE, Conflict.Kind.NAME_TAKEN, Conflict.Kind.NAME_TAKEN);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, 80, 127.0.0.1, 80, true",
        "'', 80, 127.0.0.1, 80, true",
        "0.0.0.0, 80, '::', 80, true",
        "127.0.0.1, 80, 127.0.0.2, 80, false",
        "'', 80, '', 81, false",
        "'', '', '', 80, false",
    })
    void ports(String address, String port, String otherAddress, String otherPort, boolean taken) throws IOException {
        containers.add(container(
                "b".repeat(64),
                "other",
                "'Running':true",
                "",
                "'Config':{},'NetworkSettings':{'Ports':{'80/tcp':[{'HostIp':'" + otherAddress + "','HostPort':'"
                        + otherPort + "'}],'81/udp':null}}"));
        ContainerSpec captured =
                app("'PortBindings':{'80/tcp':[{'HostIp':'" + address + "','HostPort':'" + port + "'}]}", "", "");
        assertThat(conflicts(plan(captured, copy().with(o -> o.start = true))))
                .isEqualTo(taken ? List.of(Conflict.Kind.PORT_TAKEN) : List.of());
        Plan notStarted = plan(captured, copy());
        assertThat(conflicts(notStarted)).isEmpty();
        assertThat(notStarted.plan().warnings()).hasSize(taken ? 1 : 0);
        assertThat(conflicts(plan(captured, copy().with(o -> {
                    o.start = true;
                    o.ports = RestoreOptions.Ports.NONE;
                }))))
                .isEmpty();
    }
}
