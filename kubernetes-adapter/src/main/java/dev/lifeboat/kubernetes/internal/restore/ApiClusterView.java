package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.Discovery;
import dev.lifeboat.kubernetes.internal.client.ObjectLists;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import dev.lifeboat.kubernetes.internal.transfer.ClaimUsers;
import dev.lifeboat.kubernetes.plan.PlanStep.Action;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the API server. */
final class ApiClusterView implements ClusterView {
    private static final Logger log = LoggerFactory.getLogger(ApiClusterView.class);

    private final ApiClient client;
    private final Discovery discovery;

    ApiClusterView(ApiClient client) throws IOException {
        this.client = client;
        this.discovery = Discovery.of(client);
    }

    @Override
    public Optional<ResourceType> type(String key, String version) {
        return discovery.find(key, version);
    }

    @Override
    public Optional<ResourceType> type(String key) {
        return discovery.find(key);
    }

    @Override
    public Optional<KubernetesObject> find(ResourceType type, Optional<String> namespace, String name)
            throws IOException {
        return client.find(ObjectLists.path(type, namespace, name), "look for " + type.key() + " " + name)
                .map(KubernetesObject::of);
    }

    @Override
    public Optional<String> rejection(PlannedObject object) throws IOException {
        ResourceType type = object.type();
        Optional<String> namespace = object.target().namespace();
        String what = "try " + object.target();
        try {
            var unused = object.action() == Action.CREATE
                    ? client.post(type.path(namespace) + "?dryRun=All", object.body(), what)
                    : client.apply(
                            ObjectLists.path(type, namespace, object.target().name())
                                    + "?fieldManager=lifeboat&force=true&dryRun=All",
                            object.body(),
                            what);
            return Optional.empty();
        } catch (KubernetesException e) {
            if (e.kind() == Kind.UNREACHABLE || e.kind() == Kind.UNAUTHORIZED) {
                throw e;
            }
            String message = String.valueOf(e.getMessage());
            return isRejection(e.kind(), message) ? Optional.of(message) : Optional.empty();
        }
    }

    /** A webhook that has effects is not asked; and a failure of the server itself says nothing about the object. */
    private static boolean isRejection(Kind kind, String message) {
        return switch (kind) {
            case INVALID, FORBIDDEN, CONFLICT -> !message.contains("does not support dry run");
            case REFUSED -> message.contains("failed calling webhook");
            default -> false;
        };
    }

    @Override
    public Map<Long, String> nodePorts() throws IOException {
        Map<Long, String> ports = new TreeMap<>();
        visit("services", service -> {
            for (JsonObject port : service.spec().objects("ports")) {
                if (port.has("nodePort")) {
                    ports.put(port.number("nodePort"), service.namespace().orElse("") + "/" + service.name());
                }
            }
        });
        return ports;
    }

    @Override
    public Map<Long, String> hostPorts() throws IOException {
        Map<Long, String> ports = new TreeMap<>();
        visit("pods", pod -> {
            String phase = pod.status().optionalString("phase").orElse("");
            for (JsonObject container : pod.spec().objects("containers")) {
                for (JsonObject port : container.objects("ports")) {
                    if (port.has("hostPort") && !phase.equals("Succeeded") && !phase.equals("Failed")) {
                        ports.put(port.number("hostPort"), pod.namespace().orElse("") + "/" + pod.name());
                    }
                }
            }
        });
        return ports;
    }

    @Override
    public Map<String, String> ingressHosts() throws IOException {
        Map<String, String> hosts = new TreeMap<>();
        visit("ingresses.networking.k8s.io", ingress -> {
            for (JsonObject rule : ingress.spec().objects("rules")) {
                Optional<String> host = rule.optionalString("host");
                if (host.isPresent()) {
                    hosts.put(host.get(), ingress.namespace().orElse(""));
                }
            }
        });
        return hosts;
    }

    @Override
    public Optional<String> userOf(String namespace, String claim) throws IOException {
        return ClaimUsers.find(client, namespace, claim);
    }

    @FunctionalInterface
    private interface Visitor {
        void visit(KubernetesObject object) throws IOException;
    }

    private void visit(String key, Visitor visitor) throws IOException {
        Optional<ResourceType> type = discovery.find(key);
        if (type.isEmpty()) {
            return;
        }
        try {
            ObjectLists.list(client, type.get(), Optional.empty(), Optional.empty(), new ObjectLists.Visitor() {
                @Override
                public void restart() {
                    // The visitor keeps one value for each name.
                }

                @Override
                public void visit(KubernetesObject object) throws IOException {
                    visitor.visit(object);
                }
            });
        } catch (KubernetesException e) {
            if (e.kind() != Kind.FORBIDDEN) {
                throw e;
            }
            log.debug("conflicts with other namespaces are not looked for [kind={}]", key);
        }
    }
}
