package dev.lifeboat.docker.drill;

import dev.lifeboat.automation.drill.RestoredApplication;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Execs;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.transfer.ArchiveDownload;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The restored containers, as checks see them. */
final class DrilledApplication implements RestoredApplication, Closeable {
    /** A check that lasts longer is ended by its own limit. */
    private static final Duration LONGEST = Duration.ofHours(24);

    private static final int LISTEN_ATTEMPTS = 30;
    private static final long LISTEN_PAUSE_MILLIS = 500;

    private final EngineClient client;
    private final Map<String, ContainerDocument> documents;
    private final Map<String, ContainerSpec> created;
    private final Map<String, ExecTunnel> tunnels = new HashMap<>();
    private boolean closed;

    DrilledApplication(
            EngineClient client, Map<String, ContainerDocument> documents, Map<String, ContainerSpec> created) {
        this.client = client;
        this.documents = documents;
        this.created = created;
    }

    @Override
    public List<String> members() {
        return created.keySet().stream()
                .map(key -> MemberNames.shown(documents, key))
                .toList();
    }

    private ContainerSpec container(String member) throws IOException {
        ContainerSpec found = created.get(MemberNames.key(documents, member));
        if (found == null) {
            throw new IOException("member '" + member + "' is not restored in this drill");
        }
        return found;
    }

    /** Its networks have no way in, so a command in a container carries the connections. */
    @Override
    public InetSocketAddress address(String member, int port) throws IOException {
        ContainerSpec target = container(member);
        synchronized (tunnels) {
            ExecTunnel known = tunnels.get(target.id() + ":" + port);
            if (known != null) {
                return known.address();
            }
        }
        String ip = addressOf(target.id(), member);
        List<ContainerSpec> carriers = new ArrayList<>(List.of(target));
        created.values().stream()
                .filter(other -> !other.id().equals(target.id()))
                .forEach(carriers::add);
        return tunnel(carrier(carriers, member, ip, port), target.id() + ":" + port, member, ip, port);
    }

    /**
     * A container that reaches an address. A server may still be about to listen, if its container has no health check.
     */
    private ContainerSpec carrier(List<ContainerSpec> carriers, String member, String ip, int port) throws IOException {
        List<ContainerSpec> able = new ArrayList<>(carriers);
        for (int i = 0; i < LISTEN_ATTEMPTS && !able.isEmpty(); i++) {
            for (ContainerSpec carrier : List.copyOf(able)) {
                boolean runs =
                        new Containers(client).inspect(carrier.id()).state().running();
                ExecTunnel.Reach reach =
                        runs ? ExecTunnel.probe(client, carrier.id(), member, ip, port) : ExecTunnel.Reach.NO_PROGRAM;
                if (reach == ExecTunnel.Reach.LISTENS) {
                    return carrier;
                } else if (reach == ExecTunnel.Reach.NO_PROGRAM) {
                    able.remove(carrier);
                }
            }
            Io.sleep(LISTEN_PAUSE_MILLIS);
        }
        throw new IOException(
                able.isEmpty()
                        ? "port " + port + " of " + member + " cannot be reached: no container of the application has"
                                + " socat, nc or bash; use exec(..)"
                        : member + " does not listen on port " + port + " of " + ip);
    }

    private InetSocketAddress tunnel(ContainerSpec carrier, String key, String member, String ip, int port)
            throws IOException {
        synchronized (tunnels) {
            if (closed) {
                throw new IOException("the drill has ended");
            }
            ExecTunnel known = tunnels.get(key);
            if (known == null) {
                known = ExecTunnel.open(client, carrier.id(), member, ip, port);
                tunnels.put(key, known);
            }
            return known.address();
        }
    }

    /** Closes all connections. */
    @Override
    public void close() throws IOException {
        synchronized (tunnels) {
            closed = true;
            for (ExecTunnel tunnel : tunnels.values()) {
                tunnel.close();
            }
            tunnels.clear();
        }
    }

    private String addressOf(String id, String member) throws IOException {
        ContainerSpec container = new Containers(client).inspect(id);
        Optional<String> other = ContainerSpec.containerOf(container.mode("NetworkMode"));
        if (other.isPresent()) {
            return addressOf(other.get(), member);
        }
        if (!container.state().running()) {
            throw new IOException(member + " does not run: it has ended with exit code "
                    + container.state().exitCode());
        }
        for (JsonObject endpoint : container.endpoints().values()) {
            String ip = endpoint.optionalString("IPAddress").orElse("");
            if (!ip.isEmpty()) {
                return ip;
            }
        }
        return "127.0.0.1";
    }

    @Override
    public CommandResult exec(String member, String... command) throws IOException {
        ContainerSpec container = container(member);
        Execs.Result result = new Execs(client).run(container.id(), member, List.of(command), "", LONGEST);
        return new CommandResult(result.exitCode(), result.output());
    }

    @Override
    public byte[] read(String member, String path, int limit) throws IOException {
        try {
            return new ArchiveDownload(client, container(member).id()).readFile(path, limit);
        } catch (DockerException e) {
            if (e.kind() == DockerException.Kind.NOT_FOUND) {
                FileNotFoundException missing = new FileNotFoundException(member + " has no " + path);
                missing.initCause(e);
                throw missing;
            }
            throw e;
        }
    }
}
