package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.engine.EngineInfo.Product;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Networks;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.TreeMap;

/** Captures the networks of an application: {@code networks/<name>.json}. */
final class NetworkCapture {
    private final EngineClient client;
    private final Application application;
    /** By file name: in canonical order "a-b.json" comes before "a.json". */
    private final Map<ByteString, NetworkSpec> networks = new TreeMap<>();

    NetworkCapture(EngineClient client, Application application) {
        this.client = client;
        this.application = application;
    }

    /** Asks the engine. A network may be gone that only a stopped container refers to. */
    void prepare(EntrySink sink) throws IOException {
        if (application.project().isPresent()) {
            application.project().get().networks().forEach(network -> networks.put(file(network), network));
        }
        for (Map.Entry<String, ContainerSpec> member :
                application.model().members().entrySet()) {
            for (Map.Entry<String, JsonObject> endpoint :
                    member.getValue().endpoints().entrySet()) {
                if (!NetworkSpec.isBuiltIn(endpoint.getKey())) {
                    add(sink, member.getKey(), endpoint.getKey(), endpoint.getValue());
                }
            }
        }
    }

    private void add(EntrySink sink, String member, String name, JsonObject endpoint) throws IOException {
        String id = endpoint.optionalString("NetworkID").orElse("");
        try {
            NetworkSpec network = new Networks(client).inspect(id.isEmpty() ? name : id);
            networks.put(file(network), network);
            reportUnknownAddress(sink, network, endpoint);
        } catch (DockerException e) {
            if (e.kind() != DockerException.Kind.NOT_FOUND) {
                throw e;
            }
            sink.report(new Problem(
                    SnapshotLayout.container(member),
                    Problem.Kind.DEGRADED,
                    "network " + name + " of the container is gone, so its configuration is not in the snapshot; the"
                            + " container cannot be started as it is"));
        }
    }

    /** Returns the networks by name. */
    Map<String, NetworkSpec> known() throws IOException {
        prepare(new EntrySink() {
            @Override
            public boolean offer(Entry entry) {
                return false;
            }

            @Override
            public void content(Entry entry, InputStream in) {
                throw new IllegalStateException("content of '" + entry.path() + "' was not wanted");
            }

            @Override
            public void report(Problem problem) {
                // A network that is gone is a conflict of the plan that needs it.
            }
        });
        Map<String, NetworkSpec> known = new TreeMap<>();
        networks.values().forEach(network -> known.put(network.name(), network));
        return known;
    }

    void sendTo(EntrySink sink) throws IOException {
        SnapshotDocuments.directory(sink, SnapshotLayout.NETWORKS);
        for (Map.Entry<ByteString, NetworkSpec> network : networks.entrySet()) {
            JsonObject document = JsonObject.create()
                    .put("lifeboat", "network")
                    .put("version", 1)
                    // Which containers are in it changes all the time, and belongs to these.
                    .put("inspect", network.getValue().inspect().copy().remove("Containers"));
            SnapshotDocuments.send(sink, path(network.getKey()), document.toPrettyBytes());
        }
    }

    private static ByteString file(NetworkSpec network) {
        return ByteString.utf8(network.name() + ".json");
    }

    private static EntryPath path(ByteString file) {
        return SnapshotLayout.NETWORKS.resolve(file);
    }

    /** Only in an address range of the user's own can an address be fixed. */
    private void reportUnknownAddress(EntrySink sink, NetworkSpec network, JsonObject endpoint) throws IOException {
        String address = endpoint.optionalString("IPAddress").orElse("");
        boolean mayBeFixed =
                client.info().product() == Product.PODMAN && !address.isEmpty() && !network.hasChosenSubnets();
        if (mayBeFixed) {
            sink.report(new Problem(
                    path(file(network)),
                    Problem.Kind.DEGRADED,
                    "Podman does not tell whether address " + address + " in network " + network.name()
                            + " is fixed; after a restore the container gets any address of that network"));
        }
    }
}
