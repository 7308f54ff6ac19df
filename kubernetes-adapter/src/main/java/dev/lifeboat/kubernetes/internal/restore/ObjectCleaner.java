package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.JsonPatch;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.quiesce.RestoreHooks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes of a captured object one that can be created: what the server, the scheduler and controllers have set goes, and
 * names of namespaces and storage classes are replaced. Owners are not dealt with here. Works on copies.
 */
final class ObjectCleaner {
    private static final List<String> METADATA = List.of(
            "uid",
            "resourceVersion",
            "generation",
            "managedFields",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "selfLink",
            "finalizers",
            "ownerReferences");

    /** Annotations by which controllers outside of the cluster publish the address or the name of a service. */
    private static final List<String> PUBLISHING =
            List.of("external-dns.alpha.kubernetes.io/", "metallb.io/", "metallb.universe.tf/");

    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
    private static final String ACCOUNTS = "system:serviceaccounts:";
    private static final String NAMESPACE_NAME = "kubernetes.io/metadata.name";

    private final RestoreOptions options;

    ObjectCleaner(RestoreOptions options) {
        this.options = options;
    }

    /** Returns what to create. */
    JsonObject clean(ObjectName name, KubernetesObject captured) throws IOException {
        JsonObject object = deepCopy(captured.json());
        object.remove("status");
        JsonObject metadata = object.object("metadata");
        METADATA.forEach(metadata::remove);
        if (name.namespace().isPresent()) {
            String namespace = options.mapped(name.namespace().get());
            metadata.put("namespace", namespace);
            if (!namespace.equals(name.namespace().get())) {
                // It has the old namespace in it.
                removeFrom(metadata, "annotations", LAST_APPLIED);
            }
        }
        switch (name.resource()) {
            case "namespaces" -> namespace(object, metadata, name.name());
            case "persistentvolumeclaims" -> claim(object, metadata);
            case "persistentvolumes" -> volume(object);
            case "services" -> service(object, name);
            case "serviceaccounts" -> account(object, name.name());
            case "secrets" -> secret(object, metadata);
            case "pods" -> {
                pod(object.object("spec"));
                if (options.hooks()) {
                    RestoreHooks.addInit(object);
                }
            }
            case "jobs.batch" -> job(object);
            case "ingresses.networking.k8s.io", "ingresses.extensions" -> ingress(object.objectOrEmpty("spec"));
            case "rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io" ->
                binding(object);
            default -> {
                // Nothing else is known to be set by others.
            }
        }
        return object;
    }

    private void namespace(JsonObject object, JsonObject metadata, String name) throws IOException {
        String mapped = options.mapped(name);
        metadata.put("name", mapped);
        // "kubernetes" is set anew.
        object.remove("spec");
        if (metadata.stringMap("labels").containsKey(NAMESPACE_NAME)) {
            metadata.object("labels").put(NAMESPACE_NAME, mapped);
        }
    }

    private void claim(JsonObject object, JsonObject metadata) throws IOException {
        JsonObject spec = object.object("spec");
        // Its volume is written by us.
        spec.remove("dataSource").remove("dataSourceRef");
        for (String annotation : List.of(
                "pv.kubernetes.io/bind-completed",
                "pv.kubernetes.io/bound-by-controller",
                "volume.kubernetes.io/selected-node",
                "volume.kubernetes.io/storage-provisioner",
                "volume.beta.kubernetes.io/storage-provisioner")) {
            removeFrom(metadata, "annotations", annotation);
        }
        mapClass(spec);
    }

    private void mapClass(JsonObject spec) throws IOException {
        String other = options.storageClasses()
                .get(spec.optionalString("storageClassName").orElse(""));
        if (other != null) {
            spec.put("storageClassName", other);
        }
    }

    /** One that was made by hand is bound to the claim of the same name, which has another identity now. */
    private void volume(JsonObject object) throws IOException {
        JsonObject spec = object.object("spec");
        mapClass(spec);
        if (spec.has("claimRef")) {
            JsonObject claim = spec.object("claimRef");
            claim.remove("uid").remove("resourceVersion").remove("apiVersion").remove("kind");
            claim.put("namespace", options.mapped(claim.string("namespace")));
        }
        removeFrom(object.object("metadata"), "annotations", "pv.kubernetes.io/bound-by-controller");
    }

    /** One of another namespace must not take requests that are meant for the original. */
    private void service(JsonObject object, ObjectName name) throws IOException {
        JsonObject spec = object.object("spec");
        String namespace = name.namespace().orElse("");
        if (!options.mapped(namespace).equals(namespace)) {
            spec.remove("externalIPs").remove("loadBalancerIP");
            JsonObject metadata = object.object("metadata");
            for (String annotation : metadata.stringMap("annotations").keySet()) {
                if (PUBLISHING.stream().anyMatch(annotation::startsWith)) {
                    removeFrom(metadata, "annotations", annotation);
                }
            }
        }
        // Of a cluster with other families of addresses.
        if (!spec.optionalString("ipFamilyPolicy").orElse("").equals("RequireDualStack")) {
            spec.remove("ipFamilies");
        }
        if (!spec.optionalString("clusterIP").orElse("").equals("None")) {
            spec.remove("clusterIP").remove("clusterIPs");
        }
        if (!options.nodePorts()) {
            spec.remove("healthCheckNodePort");
            for (JsonObject port : spec.objects("ports")) {
                port.remove("nodePort");
            }
        }
    }

    /** The cluster makes tokens anew; other secrets of an account stay. */
    private static void account(JsonObject object, String name) throws IOException {
        List<@Nullable Object> kept = new ArrayList<>();
        for (JsonObject secret : object.objects("secrets")) {
            if (!secret.optionalString("name").orElse("").startsWith(name + "-token-")) {
                kept.add(secret.members());
            }
        }
        object.put("secrets", kept);
        if (kept.isEmpty()) {
            object.remove("secrets");
        }
    }

    private static void secret(JsonObject object, JsonObject metadata) throws IOException {
        if (object.optionalString("type").orElse("").equals("kubernetes.io/service-account-token")) {
            // Its token is of the other account, even if that has the same name.
            object.remove("data");
            removeFrom(metadata, "annotations", "kubernetes.io/service-account.uid");
        }
    }

    private static void pod(JsonObject spec) throws IOException {
        spec.remove("nodeName").remove("priority").remove("ephemeralContainers").remove("preemptionPolicy");
        Set<String> tokens = new HashSet<>();
        List<@Nullable Object> volumes = new ArrayList<>();
        for (JsonObject volume : spec.objects("volumes")) {
            String name = volume.string("name");
            boolean secret = volume.objectOrEmpty("secret")
                    .optionalString("secretName")
                    .orElse("")
                    .matches(".*-token-[a-z0-9]{5}");
            if (name.startsWith("kube-api-access-") || secret && name.matches(".*-token-[a-z0-9]{5}")) {
                tokens.add(name);
            } else {
                volumes.add(volume.members());
            }
        }
        if (tokens.isEmpty()) {
            return;
        }
        spec.put("volumes", volumes);
        for (String list : List.of("containers", "initContainers")) {
            for (JsonObject container : spec.objects(list)) {
                List<@Nullable Object> mounts = new ArrayList<>();
                for (JsonObject mount : container.objects("volumeMounts")) {
                    if (!tokens.contains(mount.string("name"))) {
                        mounts.add(mount.members());
                    }
                }
                container.put("volumeMounts", mounts);
            }
        }
    }

    /** The controller labels the pods of a job with its identity, and selects by that. */
    private static void job(JsonObject object) throws IOException {
        JsonObject spec = object.object("spec");
        if (spec.flag("manualSelector")) {
            return;
        }
        spec.remove("selector");
        JsonObject template = spec.objectOrEmpty("template").objectOrEmpty("metadata");
        for (String prefix : List.of("", "batch.kubernetes.io/")) {
            removeFrom(template, "labels", prefix + "controller-uid");
            removeFrom(template, "labels", prefix + "job-name");
        }
    }

    private void ingress(JsonObject spec) throws IOException {
        for (JsonObject rule : spec.objects("rules")) {
            String host = rule.optionalString("host").orElse("");
            if (!host.isEmpty()) {
                rule.put("host", options.ingressHosts().getOrDefault(host, host));
            }
        }
        for (JsonObject tls : spec.objects("tls")) {
            if (tls.has("hosts")) {
                tls.put(
                        "hosts",
                        tls.strings("hosts").stream()
                                .map(host -> options.ingressHosts().getOrDefault(host, host))
                                .toList());
            }
        }
    }

    private void binding(JsonObject object) throws IOException {
        for (JsonObject subject : object.objects("subjects")) {
            if (subject.has("namespace")) {
                subject.put("namespace", options.mapped(subject.string("namespace")));
            }
            String name = subject.optionalString("name").orElse("");
            if (name.startsWith(ACCOUNTS)) {
                subject.put("name", ACCOUNTS + options.mapped(name.substring(ACCOUNTS.length())));
            }
        }
    }

    /**
     * Returns a binding of the cluster with only those of its captured subjects that are accounts of some namespaces:
     * others may have lost the role since, or are of another cluster. Its namespaces are mapped.
     */
    JsonObject ofAccounts(KubernetesObject captured, JsonObject cleaned, Set<String> namespaces) throws IOException {
        List<@Nullable Object> kept = new ArrayList<>();
        List<JsonObject> before = captured.json().objects("subjects");
        List<JsonObject> after = cleaned.objects("subjects");
        for (int i = 0; i < before.size(); i++) {
            JsonObject subject = before.get(i);
            String name = subject.optionalString("name").orElse("");
            boolean account = subject.optionalString("kind").orElse("").equals("ServiceAccount")
                    && namespaces.contains(subject.optionalString("namespace").orElse(""));
            boolean group = name.startsWith(ACCOUNTS) && namespaces.contains(name.substring(ACCOUNTS.length()));
            if (account || group) {
                kept.add(after.get(i).members());
            }
        }
        return cleaned.put("subjects", kept);
    }

    private static void removeFrom(JsonObject holder, String map, String name) throws IOException {
        if (holder.has(map)) {
            JsonObject members = holder.object(map);
            members.remove(name);
            if (members.members().isEmpty()) {
                holder.remove(map);
            }
        }
    }

    @SuppressWarnings("unchecked") // A copy of members is members.
    private static JsonObject deepCopy(JsonObject object) {
        Map<String, @Nullable Object> copy =
                (Map<String, @Nullable Object>) Objects.requireNonNull(JsonPatch.copy(object.members()));
        return JsonObject.of(copy, object.toString());
    }
}
