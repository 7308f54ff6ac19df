package dev.lifeboat.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.core.DockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.transport.DockerHttpClient;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.docker.engine.EngineInfo;
import dev.lifeboat.docker.internal.capture.Selection;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineAddress;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Transport;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.quiesce.DockerAccess;
import dev.lifeboat.docker.internal.quiesce.HelperProcess;
import dev.lifeboat.docker.internal.quiesce.QuiesceRecovery;
import dev.lifeboat.docker.internal.restore.RestoreOptions;
import dev.lifeboat.docker.internal.restore.RestoreRecovery;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A Docker Engine: its containers, images and volumes as sources and as restore targets. Sources and targets
 * send no request before a backup or restore runs; missing resources are reported then. Thread-safe.
 *
 * <pre>{@code
 * try (Docker docker = Docker.local();
 *         Repository repo = Repository.at(FileStorage.at(Path.of("/backups")))
 *                 .encryption(Encryption.none())
 *                 .openOrCreate()) {
 *     Snapshot snapshot = repo.backup(docker.container("web").quiesce(Quiesce.pause())).run();
 *     repo.restore(snapshot).to(docker.newContainer("web-copy").withoutPublishedPorts()).run();
 * }
 * }</pre>
 */
public final class Docker implements AutoCloseable {
    static {
        DockerAccess.grant(
                Docker.class, docker -> new DockerAccess(((Docker) docker).client, ((Docker) docker).journal));
    }

    private final EngineClient client;
    private final QuiesceJournal journal;
    /** Empty if the connections are the caller's. */
    private final Optional<EngineAddress> address;
    /** Whether the journal is guarded by a helper process. */
    private final boolean helped;

    Docker(EngineClient client, QuiesceJournal journal) {
        this(client, journal, Optional.empty(), false);
    }

    private Docker(EngineClient client, QuiesceJournal journal, Optional<EngineAddress> address, boolean helped) {
        this.client = client;
        this.journal = journal;
        this.address = address;
        this.helped = helped;
    }

    /**
     * Returns the engine that the {@code docker} command means here: {@code DOCKER_HOST} with
     * {@code DOCKER_TLS_VERIFY} and {@code DOCKER_CERT_PATH}, else {@code DOCKER_CONTEXT}, else the current context
     * of {@code ~/.docker} or {@code DOCKER_CONFIG}. Without any of these, the first socket that exists, of Docker,
     * rootless Docker, Docker Desktop, Colima, Rancher Desktop and Podman.
     *
     * @throws IllegalArgumentException if an address is not one of an engine, or a context is unknown
     * @throws UncheckedIOException if no socket exists, or the TLS files cannot be read
     */
    public static Docker local() {
        try {
            return make(EngineAddress.ofEnvironment());
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /**
     * Returns the engine at an address, without TLS.
     *
     * @param uri such as {@code unix:///var/run/docker.sock}, {@code tcp://10.0.0.7:2375},
     *     {@code ssh://admin@10.0.0.7} or {@code npipe:////./pipe/docker_engine}. For {@code ssh}, the system's ssh
     *     must log in without a question, and the other machine needs the {@code docker} command
     * @throws IllegalArgumentException if it is not an address of an engine
     */
    public static Docker at(URI uri) {
        return make(EngineAddress.of(uri, null));
    }

    /**
     * Returns the engine at an address, with mutual TLS.
     *
     * @param certificates directory with {@code ca.pem}, {@code cert.pem}, {@code key.pem}
     * @throws UncheckedIOException if the files cannot be read
     * @throws IllegalArgumentException if the URI is not an address of an engine
     */
    public static Docker at(URI uri, Path certificates) {
        try {
            return make(EngineAddress.of(uri, EngineAddress.tls(certificates)));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot connect to " + uri + ": " + e.getMessage(), e);
        }
    }

    /**
     * Returns the engine of a configuration of docker-java: its address and certificates.
     *
     * @throws IllegalArgumentException if its address is not one of an engine
     */
    public static Docker using(DockerClientConfig config) {
        return make(EngineAddress.of(config));
    }

    /**
     * Returns an engine that is reached through the caller's own connections. They are not closed, and their time
     * limits apply: backups need responses that may take minutes. The engine's files are not used, since its address
     * is not known: use {@link #using(DockerClientConfig)} to have them.
     *
     * @throws UncheckedIOException if the engine does not answer; it is asked for its id
     */
    public static Docker using(DockerHttpClient connections) {
        try {
            Transport transport = Transport.through(connections);
            // Containers that are quiesced are recorded with the engine that they belong to.
            String id;
            try (EngineClient asked = new EngineClient(URI.create("docker-java:client"), transport)) {
                id = asked.get("/info", "ask the engine for its id").string("ID");
            }
            URI uri = URI.create("docker-java:" + URLEncoder.encode(id, StandardCharsets.UTF_8));
            return new Docker(new EngineClient(uri, transport), QuiesceJournal.ofUser());
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /**
     * Returns the engine of a client of docker-java; see {@link #using(DockerHttpClient)}.
     *
     * @throws IllegalArgumentException if the client does not give away its connections, as wrappers of
     *     {@link DockerClientImpl} do not
     * @throws UncheckedIOException if the engine does not answer
     */
    public static Docker using(DockerClient client) {
        if (client instanceof DockerClientImpl own) {
            return using(own.getHttpClient());
        }
        throw new IllegalArgumentException(
                "the client is a " + client.getClass().getName()
                        + ", which does not give away its connections; pass its DockerClientConfig or its DockerHttpClient");
    }

    private static Docker make(EngineAddress address) {
        try {
            EngineClient client = new EngineClient(address.uri(), address.transport());
            return new Docker(client, QuiesceJournal.ofUser(), Optional.of(address), false);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot connect to " + address.uri() + ": " + e.getMessage(), e);
        }
    }

    /**
     * Returns this engine with another journal of quiesced containers; {@link QuiesceJournal#ofUser} unless set. Both
     * share the connections; closing one closes the other.
     */
    public Docker withJournal(QuiesceJournal newJournal) {
        Docker other = new Docker(client, newJournal, address, false);
        return helped ? other.withHelperProcess() : other;
    }

    /**
     * Returns this engine with a helper process, which does what {@link #recover} does as soon as this process is
     * killed, instead of when the next one starts. It is a Java process of some 50 MB with the class path of this one,
     * started before the first container is quiesced or replaced, and ended by {@link #close}. If it does not start,
     * the backup or restore fails before anything is touched.
     *
     * @throws IllegalStateException if this engine is reached through connections or certificates of the caller, which
     *     another process does not have
     */
    public Docker withHelperProcess() {
        if (address.isEmpty() || !address.get().isKnownToOthers()) {
            throw new IllegalStateException("a helper process cannot reach " + client.uri()
                    + ", since the connections or certificates are this process's own; use Docker.local() or"
                    + " Docker.at(..)");
        }
        HelperProcess helper = new HelperProcess(
                Helper.class, client, address.get(), address.get().certificates(), journal.directory());
        return new Docker(client, journal.guardedBy(helper), address, true);
    }

    /**
     * Undoes what Lifeboat processes have left that were killed: containers that a backup had paused or stopped are
     * resumed; a restore that had not succeeded is undone, which removes what it had created and brings back what it
     * had replaced; one that had is completed. Volumes that existed before keep what a restore has written into them.
     * Backups that quiesce, and restores, do the same for their kind before they begin. A request on which the engine
     * works when a process is killed may complete after this call; the next call removes what it created.
     *
     * @return what was done, and what to look at
     * @throws UncheckedIOException if the journal cannot be read, or something cannot be undone; its record stays
     */
    @CanIgnoreReturnValue
    public Recovered recover() {
        List<String> resumed = new ArrayList<>();
        IOException failure = null;
        try {
            resumed.addAll(new QuiesceRecovery(client, journal).run());
        } catch (IOException e) {
            failure = e;
        }
        try {
            RestoreRecovery.Result restores = new RestoreRecovery(client, journal).run();
            resumed.addAll(restores.resumed());
            if (failure == null) {
                return new Recovered(resumed, restores.removed(), restores.completed(), restores.undecided());
            }
        } catch (IOException e) {
            if (failure == null) {
                failure = e;
            } else {
                failure.addSuppressed(e);
            }
        }
        throw new UncheckedIOException(
                "cannot recover all containers of " + client.uri() + ": " + failure.getMessage(), failure);
    }

    /**
     * Returns what the engine is: product, version, image store. It is asked once.
     *
     * @throws UncheckedIOException if the engine does not answer, or is not supported
     */
    public EngineInfo info() {
        try {
            return client.info();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot ask " + client.uri() + " what it is: " + e.getMessage(), e);
        }
    }

    /**
     * Returns the names of the containers, running or not, that have all of some labels, in alphabetical order.
     *
     * @param labels such as {@code backup} or {@code backup=nightly}; none for all containers
     * @throws UncheckedIOException if the engine does not answer
     */
    public List<String> containerNames(String... labels) {
        try {
            return new Containers(client)
                    .labelled(List.of(labels)).stream()
                            .map(ContainerSpec::name)
                            .sorted()
                            .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list containers of " + client.uri() + ": " + e.getMessage(), e);
        }
    }

    /** Returns a container as a source: its image, writable layer, volumes, configuration and networks. */
    public ContainerSource container(String nameOrId) {
        return new ContainerSource(client, journal, nameOrId);
    }

    /**
     * Returns a Compose project as a source: all containers, volumes and networks that have its labels. Its series is
     * {@code compose:} and its name.
     *
     * @param name as {@code docker compose ls} shows it
     */
    public ApplicationSource composeProject(String name) {
        return new ApplicationSource(client, journal, Selection.compose(name));
    }

    /**
     * Returns all containers that have all of some labels, running or not, as one source. Its series is
     * {@code containers:} and the labels.
     *
     * @param labels such as {@code backup} or {@code backup=nightly}
     * @throws IllegalArgumentException if no label is given
     */
    public ApplicationSource containers(String... labels) {
        if (labels.length == 0) {
            throw new IllegalArgumentException("no label is given; allContainers() means all of them");
        }
        return new ApplicationSource(client, journal, Selection.containers(List.of(labels)));
    }

    /** Returns all containers of the engine, running or not, as one source. Its series is {@code containers}. */
    public ApplicationSource allContainers() {
        return new ApplicationSource(client, journal, Selection.containers(List.of()));
    }

    /**
     * Returns what a command in a running container prints as a source, such as {@code exec("db", "pg_dumpall")}. Its
     * series is {@code exec:}, the name of the container and the program.
     *
     * @param command the program and its arguments; no shell is involved
     * @throws IllegalArgumentException if there is no command
     */
    public CommandSource exec(String nameOrId, String... command) {
        return new CommandSource(client, nameOrId, words(command), "");
    }

    /**
     * Restores what a command printed into the standard input of a command in a running container, such as
     * {@code intoCommand("db", "psql", "-v", "ON_ERROR_STOP=1")}.
     *
     * @param command the program and its arguments
     * @throws IllegalArgumentException if there is no command
     */
    public CommandRestore intoCommand(String nameOrId, String... command) {
        return new CommandRestore(client, nameOrId, words(command), "");
    }

    private static List<String> words(String[] command) {
        if (command.length == 0) {
            throw new IllegalArgumentException("no command is given");
        }
        return List.of(command);
    }

    /** Returns an image as a source, by name or id. Its series is {@code image:} and the given reference. */
    public SnapshotSource image(String reference) {
        return new ImageSource(client, reference);
    }

    /** Returns a volume as a source: its configuration and data. Its series is {@code volume:} and its name. */
    public SnapshotSource volume(String name) {
        return new VolumeSource(client, name);
    }

    /**
     * Restores a container under a new name. The snapshot must be of a container. Its named volumes get new names as
     * well: {@code <name>_<volume>}. Existing containers and volumes are not changed.
     */
    public ContainerRestore newContainer(String name) {
        return new ContainerRestore(client, journal, RestoreOptions.copy(name));
    }

    /**
     * Restores a container under its own name, with its own volumes. If it exists, it is stopped and replaced, and the
     * content of its volumes is replaced by that of the snapshot. If that fails, the old container is restored; its
     * volumes keep what was written until then.
     */
    public ContainerRestore containerInPlace() {
        return new ContainerRestore(client, journal, RestoreOptions.inPlace());
    }

    /**
     * Restores a Compose project under another name: its containers, and the volumes and networks that it owns, get new
     * names that begin with it, and the labels of a project of that name, so that Compose takes it for its own.
     * Networks that it does not own are joined; volumes that it does not own are copied. Existing resources are not
     * changed.
     *
     * @throws IllegalArgumentException if Compose does not accept the name
     */
    public ApplicationRestore newComposeProject(String name) {
        if (!name.matches("[a-z0-9][a-z0-9_-]*")) {
            throw new IllegalArgumentException(
                    "'" + name + "' is no name of a Compose project: it begins with a lower-case"
                            + " letter or digit, and has only these, '-' and '_'");
        }
        return new ApplicationRestore(client, journal, RestoreOptions.applicationCopy(name, true));
    }

    /**
     * Restores a Compose project under its own name, with its own volumes. Existing containers that the snapshot has
     * are stopped and replaced, others of the project are left as they are. The content of its volumes is replaced by
     * that of the snapshot, also of those that are external to the project. If that fails, the old containers are
     * restored; the volumes keep what was written until then.
     */
    public ApplicationRestore composeProjectInPlace() {
        return new ApplicationRestore(client, journal, RestoreOptions.applicationInPlace(true));
    }

    /** Restores the containers of a snapshot of containers under their own names, as {@link #composeProjectInPlace}. */
    public ApplicationRestore containersInPlace() {
        return new ApplicationRestore(client, journal, RestoreOptions.applicationInPlace(false));
    }

    /**
     * Restores the containers of a snapshot of containers under new names: {@code <prefix>-<name>}, with volumes
     * {@code <prefix>_<volume>} and networks {@code <prefix>_<network>}.
     */
    public ApplicationRestore newContainers(String prefix) {
        return new ApplicationRestore(client, journal, RestoreOptions.applicationCopy(prefix, false));
    }

    /**
     * Restores one volume of a snapshot as a new volume. The snapshot is of a volume or of a container.
     *
     * @param volume name of the captured volume; for an anonymous volume, its mount path
     * @param newName name of the new volume; no such volume may exist
     */
    public VolumeRestore newVolume(String volume, String newName) {
        return new VolumeRestore(client, journal, volume, newName, true);
    }

    /**
     * Restores one volume of a snapshot into an existing volume. Files that differ are written. Extra files stay,
     * unless {@code Restore.deleteExtra()} is set.
     *
     * @param volume name of the captured volume; for an anonymous volume, its mount path
     */
    public VolumeRestore intoVolume(String volume, String existing) {
        return new VolumeRestore(client, journal, volume, existing, false);
    }

    /** Restores the images of a snapshot. Images that the engine has are not changed. */
    public RestoreTarget images() {
        return new ImageRestore(client);
    }

    /**
     * Resumes what is still quiesced and closes the connections. Repeated calls have no effect.
     *
     * @throws UncheckedIOException if resuming or closing fails
     */
    @Override
    public void close() {
        try {
            client.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close connections to " + client.uri(), e);
        }
    }

    @Override
    public String toString() {
        return client.uri().toString();
    }
}
