package dev.lifeboat.kubernetes.internal.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.tar.TarMember;
import dev.lifeboat.internal.tar.TarReader;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.JsonPatch;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import dev.lifeboat.kubernetes.internal.velero.VeleroLayout;
import dev.lifeboat.kubernetes.plan.Conflict;
import dev.lifeboat.kubernetes.plan.PlanStep;
import dev.lifeboat.kubernetes.plan.PlanStep.Action;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Plans of the objects that a real Velero captured, against clusters that have this and that. */
class PlannerTest {
    private static final ObjectName NAMESPACE = new ObjectName("namespaces", Optional.empty(), "vshop");

    private final CapturedObjects captured = new CapturedObjects();
    private final View view = new View();

    /** A cluster that has all kinds of the snapshot, and the objects that are put into it. */
    private static final class View implements ClusterView {
        private final Map<String, ResourceType> types = new TreeMap<>();
        private final Map<ObjectName, KubernetesObject> objects = new HashMap<>();
        private final Map<Long, String> nodePorts = new HashMap<>();
        private final Map<Long, String> hostPorts = new HashMap<>();
        private final Map<String, String> hosts = new HashMap<>();
        private String user = "";
        private String rejection = "";
        private Action rejected = Action.UPDATE;

        @Override
        public Optional<ResourceType> type(String key, String version) {
            return type(key).filter(type -> type.version().equals(version));
        }

        @Override
        public Optional<ResourceType> type(String key) {
            return Optional.ofNullable(types.get(key));
        }

        @Override
        public Optional<KubernetesObject> find(ResourceType type, Optional<String> namespace, String name) {
            return Optional.ofNullable(objects.get(new ObjectName(type.key(), namespace, name)));
        }

        @Override
        public Optional<String> rejection(PlannedObject object) {
            return Optional.of(rejection).filter(text -> !text.isEmpty() && object.action() == rejected);
        }

        @Override
        public Map<Long, String> nodePorts() {
            return nodePorts;
        }

        @Override
        public Map<Long, String> hostPorts() {
            return hostPorts;
        }

        @Override
        public Map<String, String> ingressHosts() {
            return hosts;
        }

        @Override
        public Optional<String> userOf(String namespace, String claim) {
            return Optional.of(user).filter(text -> !text.isEmpty());
        }

        void put(ObjectName name, String json) throws IOException {
            objects.put(
                    name,
                    KubernetesObject.of(JsonObject.parse(json.getBytes(StandardCharsets.UTF_8), name.toString())));
        }
    }

    @BeforeEach
    void read() throws IOException {
        Path tar = Path.of("src/test/resources/velero/backups/b1/b1.tar.gz");
        try (InputStream in = new BufferedInputStream(new GZIPInputStream(Files.newInputStream(tar)))) {
            TarReader reader = new TarReader(in);
            for (Optional<TarMember> next; (next = reader.next()).isPresent(); ) {
                Optional<ObjectName> name = VeleroLayout.object(next.get().path());
                if (name.isPresent() && !Ownership.isOfThePast(name.get())) {
                    add(name.get(), JsonObject.parse(next.get().content().readAllBytes(), name.toString()));
                }
            }
        }
        view.put(
                new ObjectName("storageclasses.storage.k8s.io", Optional.empty(), "lifeboat"),
                "{\"metadata\":{\"name\":\"lifeboat\",\"uid\":\"s\"}}");
        type("storageclasses.storage.k8s.io", "v1", "StorageClass", false);
    }

    private void add(ObjectName name, JsonObject json) throws IOException {
        captured.add(name, json);
        KubernetesObject object = KubernetesObject.of(json);
        type(name.resource(), object.version(), object.kind(), name.namespace().isPresent());
    }

    private void type(String key, String version, String kind, boolean namespaced) {
        int dot = key.indexOf('.');
        view.types.put(
                key,
                new ResourceType(
                        dot < 0 ? "" : key.substring(dot + 1),
                        version,
                        dot < 0 ? key : key.substring(0, dot),
                        kind,
                        namespaced,
                        Set.of()));
    }

    private Planner.Planned plan(UnaryOperator<RestoreOptions> change) throws IOException {
        return new Planner(captured, change.apply(RestoreOptions.inPlace()), view).plan();
    }

    private static RestoreOptions copy(RestoreOptions options) {
        return options.with(o -> o.newNamespace = Optional.of("copy"))
                .with(o -> o.storageClasses = Map.of("manual", "lifeboat"));
    }

    private static Map<String, Action> actions(Planner.Planned planned) {
        Map<String, Action> actions = new TreeMap<>();
        planned.plan().steps().forEach(step -> actions.put(step.resource(), step.action()));
        return actions;
    }

    private static JsonObject body(Planner.Planned planned, String target) {
        return planned.objects().stream()
                .filter(object -> object.target().toString().equals(target))
                .findFirst()
                .orElseThrow()
                .body();
    }

    @Test
    void copy_createsWhatNothingElseMakes_inOrder() throws IOException {
        Planner.Planned planned = plan(PlannerTest::copy);
        assertThat(planned.plan().conflicts()).isEmpty();
        List<String> created = planned.objects().stream()
                .map(object -> object.target().toString())
                .toList();
        assertThat(created)
                .containsExactly(
                        "namespaces copy",
                        "customresourcedefinitions.apiextensions.k8s.io vouchers.vshop.example.org",
                        "persistentvolumeclaims copy/cache",
                        "persistentvolumeclaims copy/uploads",
                        "clusterroles.rbac.authorization.k8s.io vshop-nodes",
                        "roles.rbac.authorization.k8s.io copy/shop",
                        "serviceaccounts copy/default",
                        "serviceaccounts copy/shop",
                        "clusterrolebindings.rbac.authorization.k8s.io vshop-nodes-copy",
                        "rolebindings.rbac.authorization.k8s.io copy/shop",
                        "secrets copy/db",
                        "configmaps copy/settings",
                        "services copy/web",
                        "services copy/web-outside",
                        "networkpolicies.networking.k8s.io copy/web",
                        "pods copy/ledger",
                        "cronjobs.batch copy/cleanup",
                        "deployments.apps copy/web",
                        "ingresses.extensions copy/web",
                        "ingresses.networking.k8s.io copy/web",
                        "vouchers.vshop.example.org copy/spring");
        assertThat(actions(planned))
                .containsEntry("persistentvolumes vshop-uploads", Action.SKIP)
                .containsEntry("pods copy/seed-d7pdc", Action.SKIP)
                .containsEntry("jobs.batch copy/seed", Action.SKIP)
                .containsEntry("replicasets.apps copy/web-658c568764", Action.SKIP)
                .containsEntry("configmaps copy/kube-root-ca.crt", Action.SKIP);
        assertThat(planned.volumes()).containsExactly(new Claim("vshop", "cache"), new Claim("vshop", "uploads"));
        // Definitions of this snapshot are enough, even if the cluster does not have the kind.
        view.types.remove("vouchers.vshop.example.org");
        assertThat(plan(PlannerTest::copy).plan().conflicts()).isEmpty();
    }

    @Test
    void bodies_haveNothingThatTheClusterSets() throws IOException {
        Planner.Planned planned = plan(PlannerTest::copy);
        for (PlannedObject object : planned.objects()) {
            JsonObject metadata = object.body().object("metadata");
            assertThat(metadata.members().keySet())
                    .as("%s", object.target())
                    .doesNotContain("uid", "resourceVersion", "managedFields", "creationTimestamp", "ownerReferences");
            assertThat(object.body().has("status")).isFalse();
            if (object.target().namespace().isPresent()) {
                assertThat(metadata.string("namespace")).isEqualTo("copy");
                assertThat(new String(object.body().toBytes(), StandardCharsets.UTF_8))
                        .doesNotContain("\"vshop\"");
            }
        }
        JsonObject service = body(planned, "services copy/web-outside").object("spec");
        assertThat(service.has("clusterIP")).isFalse();
        assertThat(service.objects("ports").get(0).has("nodePort")).isFalse();
        assertThat(body(planned, "persistentvolumeclaims copy/uploads")
                        .object("spec")
                        .members())
                .doesNotContainKey("volumeName")
                .containsEntry("storageClassName", "lifeboat");
        JsonObject pod = body(planned, "pods copy/ledger").object("spec");
        assertThat(pod.has("nodeName")).isFalse();
        assertThat(pod.objects("volumes")).hasSize(1);
        assertThat(pod.objects("containers").get(0).objects("volumeMounts")).hasSize(1);
        assertThat(body(planned, "clusterrolebindings.rbac.authorization.k8s.io vshop-nodes-copy")
                        .objects("subjects")
                        .get(0)
                        .string("namespace"))
                .isEqualTo("copy");
        // Planning does not change what was captured.
        assertThat(captured.find(NAMESPACE).orElseThrow().uid()).isNotEmpty();
    }

    private List<Conflict.Kind> conflicts(UnaryOperator<RestoreOptions> change) throws IOException {
        return plan(change).plan().conflicts().stream().map(Conflict::kind).toList();
    }

    /** Created anew, it would be a snapshot of something else. */
    @Test
    void snapshotsOfVolumes_areNotRestored() throws IOException {
        for (String resource : List.of("volumesnapshots", "volumesnapshotcontents")) {
            ObjectName name = new ObjectName(resource + ".snapshot.storage.k8s.io", Optional.of("vshop"), "nightly");
            assertThat(Ownership.skipped(name, KubernetesObject.of(JsonObject.create()), captured))
                    .hasValueSatisfying(reason -> assertThat(reason).contains("in the storage"));
        }
    }

    @Test
    void conflicts_areFoundBeforeAnythingIsChanged() throws IOException {
        assertThat(conflicts(options -> options.with(o -> o.newNamespace = Optional.of("copy"))))
                .containsExactly(Conflict.Kind.MISSING_STORAGE_CLASS);
        view.hosts.put("shop.example.org", "vshop");
        assertThat(conflicts(PlannerTest::copy)).containsExactly(Conflict.Kind.INGRESS_HOST_TAKEN);
        assertThat(conflicts(options ->
                        copy(options).with(o -> o.ingressHosts = Map.of("shop.example.org", "copy.example.org"))))
                .isEmpty();
        view.hosts.clear();
        long port = captured.find(new ObjectName("services", Optional.of("vshop"), "web-outside"))
                .orElseThrow()
                .spec()
                .objects("ports")
                .get(0)
                .number("nodePort");
        view.nodePorts.put(port, "other/web");
        assertThat(conflicts(PlannerTest::copy)).isEmpty();
        assertThat(conflicts(options -> copy(options).with(o -> o.nodePorts = true)))
                .containsExactly(Conflict.Kind.NODE_PORT_TAKEN);
        view.nodePorts.clear();
        view.types.remove("networkpolicies.networking.k8s.io");
        assertThat(conflicts(PlannerTest::copy)).containsExactly(Conflict.Kind.MISSING_KIND);
        assertThat(conflicts(options -> copy(options).with(o -> o.without = Set.of("networkpolicies"))))
                .isEmpty();
        view.put(new ObjectName("namespaces", Optional.empty(), "copy"), "{\"metadata\":{\"name\":\"copy\"}}");
        assertThat(conflicts(PlannerTest::copy)).containsExactly(Conflict.Kind.NAMESPACE_EXISTS);
        view.put(
                new ObjectName("namespaces", Optional.empty(), "copy"),
                "{\"metadata\":{\"name\":\"copy\",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"}}");
        assertThat(conflicts(PlannerTest::copy)).containsExactly(Conflict.Kind.NAMESPACE_TERMINATING);
        assertThat(conflicts(options -> options.with(o -> o.namespaces = Map.of("nothere", "x"))))
                .contains(Conflict.Kind.UNKNOWN_NAME);
    }

    @Test
    void inPlace_keepsWhatIsThere_unlessItIsToBeUpdated() throws IOException {
        view.put(NAMESPACE, "{\"metadata\":{\"name\":\"vshop\"}}");
        ObjectName settings = new ObjectName("configmaps", Optional.of("vshop"), "settings");
        view.put(settings, "{\"metadata\":{\"name\":\"settings\",\"uid\":\"u\"}}");
        ObjectName cache = new ObjectName("persistentvolumeclaims", Optional.of("vshop"), "cache");
        view.put(cache, "{\"metadata\":{\"name\":\"cache\",\"uid\":\"c\"}}");
        ObjectName kept = new ObjectName("persistentvolumes", Optional.empty(), "vshop-uploads");
        view.put(
                kept,
                "{\"metadata\":{\"name\":\"vshop-uploads\"},\"spec\":{\"claimRef\":{\"namespace\":\"vshop\",\"name\":"
                        + "\"uploads\",\"uid\":\"old\"}},\"status\":{\"phase\":\"Released\"}}");
        Planner.Planned planned = plan(options -> options);
        assertThat(planned.plan().conflicts()).isEmpty();
        assertThat(actions(planned))
                .containsEntry("namespaces vshop", Action.KEEP)
                .containsEntry("configmaps vshop/settings", Action.KEEP)
                .containsEntry("persistentvolumeclaims vshop/cache", Action.KEEP)
                .containsEntry("persistentvolumes vshop-uploads", Action.UPDATE)
                .containsEntry("persistentvolumeclaims vshop/uploads", Action.CREATE);
        assertThat(planned.kept()).containsEntry(settings, "u");
        // Files that are there may be newer.
        assertThat(planned.volumes()).isEmpty();
        assertThat(planned.plan().warnings()).anyMatch(text -> text.contains("keeps its files"));
        Planner.Planned updated = plan(options -> options.with(o -> o.update = true));
        assertThat(actions(updated)).containsEntry("configmaps vshop/settings", Action.UPDATE);
        assertThat(updated.volumes()).hasSize(2);
        view.user = "web-1";
        assertThat(conflicts(options -> options.with(o -> o.update = true)))
                .containsExactly(Conflict.Kind.VOLUME_IN_USE);
        view.user = "";
        view.rejection = "field is immutable";
        assertThat(conflicts(options -> options.with(o -> o.update = true))).containsExactly(Conflict.Kind.REJECTED);
        // What would be created is tried as well, in a namespace that is there.
        view.rejected = Action.CREATE;
        view.rejection = "exceeded quota";
        List<Conflict> refused = plan(options -> options).plan().conflicts();
        assertThat(refused).extracting(Conflict::kind).containsOnly(Conflict.Kind.REJECTED);
        assertThat(refused)
                .extracting(Conflict::resource)
                .contains("services vshop/web", "persistentvolumeclaims vshop/uploads")
                .doesNotContain("pods vshop/ledger", "rolebindings.rbac.authorization.k8s.io vshop/shop");
        assertThat(conflicts(PlannerTest::copy)).isEmpty();
    }

    @Test
    void portsOfNodes_ofPodsOfOthers_areAWarning() throws IOException {
        view.hostPorts.put(8080L, "other/web-1");
        String port =
                "[{\"op\":\"add\",\"path\":\"/spec/template/spec/containers/0/ports/0/hostPort\",\"value\":8080}]";
        assertThat(plan(PlannerTest::copy).plan().warnings()).noneMatch(text -> text.contains("8080"));
        Planner.Planned planned = plan(options -> copy(options)
                .with(o -> o.patches = List.of(new ObjectPatch("deployments", Map.of(), JsonPatch.parse(port)))));
        assertThat(planned.plan().warnings())
                .anyMatch(text -> text.contains("deployments.apps copy/web: pod other/web-1 has port 8080"));
    }

    /** The pods that write volumes run as root. */
    @Test
    void namespaceThatMayRefusePodsOfRoot_isAWarning_unlessItIsPatched() throws IOException {
        captured.find(NAMESPACE)
                .orElseThrow()
                .json()
                .object("metadata")
                .put("labels", Map.of("pod-security.kubernetes.io/enforce", "restricted"));
        assertThat(plan(PlannerTest::copy).plan().warnings()).anyMatch(text -> text.contains("baseline"));
        assertThat(plan(options -> copy(options).with(o -> o.volumes = false))
                        .plan()
                        .warnings())
                .noneMatch(text -> text.contains("baseline"));
        String remove = "[{\"op\":\"remove\",\"path\":\"/metadata/labels/pod-security.kubernetes.io~1enforce\"}]";
        assertThat(plan(options -> copy(options)
                                .with(o -> o.patches =
                                        List.of(new ObjectPatch("namespaces", Map.of(), JsonPatch.parse(remove)))))
                        .plan()
                        .warnings())
                .noneMatch(text -> text.contains("baseline"));
    }

    @Test
    void initContainersOfHooks_areAddedToPods_asVeleroDoes() throws IOException {
        ObjectName name = new ObjectName("pods", Optional.of("vshop"), "ledger");
        captured.find(name)
                .orElseThrow()
                .json()
                .object("metadata")
                .put(
                        "annotations",
                        Map.of(
                                "init.hook.restore.velero.io/container-image",
                                "lifeboat-tools:1",
                                "init.hook.restore.velero.io/command",
                                "[\"sh\", \"-c\", \"true\"]"));
        assertThat(body(plan(PlannerTest::copy), "pods copy/ledger")
                        .object("spec")
                        .has("initContainers"))
                .isFalse();
        Planner.Planned planned = plan(options -> copy(options).with(o -> o.hooks = true));
        JsonObject added = body(planned, "pods copy/ledger")
                .object("spec")
                .objects("initContainers")
                .get(0);
        assertThat(added.string("image")).isEqualTo("lifeboat-tools:1");
        assertThat(added.strings("command")).containsExactly("sh", "-c", "true");
    }

    @Test
    void otherVersion_isAWarning() throws IOException {
        type("cronjobs.batch", "v1", "CronJob", true);
        Planner.Planned planned = plan(PlannerTest::copy);
        assertThat(body(planned, "cronjobs.batch copy/cleanup").string("apiVersion"))
                .isEqualTo("batch/v1");
        assertThat(planned.plan().warnings()).anyMatch(text -> text.contains("batch/v1beta1"));
    }

    @Test
    void bindingOfOthers_andOtherObjectsOfTheCluster_areNotRestored() throws IOException {
        ObjectName binding = new ObjectName("clusterrolebindings.rbac.authorization.k8s.io", Optional.empty(), "admin");
        add(
                binding,
                JsonObject.parse(
                        ("{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"ClusterRoleBinding\",\"metadata\":"
                                        + "{\"name\":\"admin\"},\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"cluster-admin\"},"
                                        + "\"subjects\":[{\"kind\":\"User\",\"name\":\"eve\"}]}")
                                .getBytes(StandardCharsets.UTF_8),
                        "binding"));
        String webhooks = "validatingwebhookconfigurations.admissionregistration.k8s.io";
        add(
                new ObjectName(webhooks, Optional.empty(), "hook"),
                JsonObject.parse(
                        ("{\"apiVersion\":\"admissionregistration.k8s.io/v1\",\"kind\":"
                                        + "\"ValidatingWebhookConfiguration\",\"metadata\":{\"name\":\"hook\"}}")
                                .getBytes(StandardCharsets.UTF_8),
                        "hook"));
        Planner.Planned planned = plan(PlannerTest::copy);
        assertThat(actions(planned))
                .containsEntry(binding.toString(), Action.SKIP)
                .containsEntry(webhooks + " hook", Action.SKIP);
        Planner.Planned all = plan(options -> copy(options).with(o -> o.allClusterObjects = true));
        assertThat(all.objects().get(all.objects().size() - 1).target().resource())
                .isEqualTo(webhooks);
        Planner.Planned none = plan(options -> copy(options).with(o -> o.clusterObjects = false));
        assertThat(none.objects().stream()
                        .filter(object -> object.target().namespace().isEmpty()))
                .extracting(object -> object.target().resource())
                .containsExactly("namespaces");
    }

    @Test
    void patches_changeObjects_orAreConflicts() throws IOException {
        String replicas = "[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":7}]";
        ObjectPatch fits = new ObjectPatch("deployments", Map.of("app", "web"), JsonPatch.parse(replicas));
        Planner.Planned planned = plan(options -> copy(options).with(o -> o.patches = List.of(fits)));
        assertThat(body(planned, "deployments.apps copy/web").object("spec").number("replicas"))
                .isEqualTo(7);
        ObjectPatch other = new ObjectPatch("deployments", Map.of("app", "db"), JsonPatch.parse(replicas));
        planned = plan(options -> copy(options).with(o -> o.patches = List.of(other)));
        assertThat(body(planned, "deployments.apps copy/web").object("spec").number("replicas"))
                .isEqualTo(1);
        for (String bad : List.of(
                "[{\"op\":\"remove\",\"path\":\"/spec/nothere\"}]",
                "[{\"op\":\"replace\",\"path\":\"/metadata/name\",\"value\":\"x\"}]",
                "[{\"op\":\"replace\",\"path\":\"/metadata/namespace\",\"value\":\"kube-system\"}]",
                "[{\"op\":\"remove\",\"path\":\"/metadata\"}]")) {
            ObjectPatch patch = new ObjectPatch("Deployment", Map.of(), JsonPatch.parse(bad));
            assertThat(conflicts(options -> copy(options).with(o -> o.patches = List.of(patch))))
                    .containsExactly(Conflict.Kind.PATCH_FAILED);
        }
    }

    @Test
    void objectAtTheWrongPlace_isRefused() {
        assertThatThrownBy(() -> captured.add(
                        new ObjectName("configmaps", Optional.of("other"), "settings"),
                        captured.find(new ObjectName("configmaps", Optional.of("vshop"), "settings"))
                                .orElseThrow()
                                .json()))
                .isInstanceOf(IOException.class);
    }

    @Test
    void plan_isATableForPeople() throws IOException {
        String table = plan(PlannerTest::copy).plan().toString();
        assertThat(table)
                .contains("CREATE   namespaces copy")
                .contains("SKIP     jobs.batch copy/seed  (it has ended)");
        assertThat(new PlanStep(Action.KEEP, "secrets a/b", "it is there"))
                .hasToString("keep secrets a/b (it is there)");
    }
}
