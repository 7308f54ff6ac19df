package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.quiesce.QuiesceBarrier;
import dev.lifeboat.docker.internal.quiesce.QuiescedContainer;
import dev.lifeboat.docker.internal.transfer.LayerReader;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntrySource;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One capture of an application, in the order in which it can be restored: docs/FORMAT.md, section 7. */
public final class ApplicationCapture {
    private final EngineClient client;
    private final QuiesceJournal journal;
    private final Application application;
    private final CaptureOptions options;
    private final ImagesCapture images;

    /** Captures an application as its containers were inspected. */
    public ApplicationCapture(
            EngineClient client, QuiesceJournal journal, Application application, CaptureOptions options) {
        this.client = client;
        this.journal = journal;
        this.application = application;
        this.options = options;
        this.images = new ImagesCapture(client, application, options.images());
    }

    /**
     * Quiesces an application as a capture does.
     *
     * @throws IOException if that is impossible; all is as it was
     */
    public static QuiesceHandle quiesce(
            EngineClient client, QuiesceJournal journal, Application application, CaptureOptions options)
            throws IOException {
        ApplicationCapture capture = new ApplicationCapture(client, journal, application, options);
        return QuiesceBarrier.begin(client, journal, application.model(), capture.requests())
                .handle();
    }

    /**
     * What a restore needs to know of an application.
     *
     * @param members by key
     * @param networks by name
     */
    public record Documents(Map<String, ContainerDocument> members, Map<String, NetworkSpec> networks) {}

    /** Returns the documents of an application as it is now, without a snapshot. */
    public static Documents documents(EngineClient client, QuiesceJournal journal, Application application)
            throws IOException {
        CaptureOptions options = CaptureOptions.ofContainer().withoutImages();
        ApplicationCapture capture = new ApplicationCapture(client, journal, application, options);
        HostPaths paths = capture.paths();
        VolumesCapture volumes = VolumesCapture.of(client, paths, application, options);
        Map<String, ContainerDocument> members = new TreeMap<>();
        for (String key : application.model().members().keySet()) {
            members.put(key, capture.document(key, volumes.of(key), paths));
        }
        return new Documents(members, new NetworkCapture(client, application).known());
    }

    private Map<String, ContainerSpec> members() {
        return application.model().members();
    }

    /**
     * Returns what may be read before the application is quiesced.
     *
     * @return empty if it is not quiesced, or is to be read only once
     */
    public Optional<EntrySource> preCopy() throws IOException {
        if (!options.preCopy() || requests().values().stream().allMatch(Quiesce.none()::equals)) {
            return Optional.empty();
        }
        return Optional.of(sink -> {
            HostPaths paths = paths();
            new PathCapture(client, paths, application, options).preCopy(sink);
            for (Map.Entry<String, ContainerSpec> member : members().entrySet()) {
                ContainerSpec container = member.getValue();
                Optional<Path> upper = paths.writableLayer(client, container);
                if (upper.isPresent()) {
                    LayerReader.preCopy(sink, SnapshotLayout.layer(member.getKey()), upper.get());
                }
            }
            VolumesCapture.of(client, paths, application, options).preCopy(sink);
        });
    }

    /** Sends all to a sink. */
    public void sendTo(EntrySink target, QuiesceHandle.Holder holder) throws IOException {
        Instant begun = Instant.now();
        Map<String, Quiesce> requests = requests();
        FidelityRecorder sink = new FidelityRecorder(target);
        HostPaths paths = paths();
        images.prepare();
        VolumesCapture volumes = VolumesCapture.of(client, paths, application, options);
        NetworkCapture networks = new NetworkCapture(client, application);
        networks.prepare(sink);
        if (application.project().isPresent()) {
            new ComposeCapture(application, paths, options).sendTo(sink, volumes.unmounted());
        }
        SnapshotDocuments.directory(sink, SnapshotLayout.CONTAINERS);
        for (String key : members().keySet()) {
            EntryPath place = SnapshotLayout.container(key);
            SnapshotDocuments.directory(sink, place);
            ContainerDocument document = document(key, volumes.of(key), paths);
            SnapshotDocuments.send(sink, place.resolve("config.json"), document.toBytes());
        }
        images.sendTo(sink);
        // Only now: sending the images may take long, and they do not change.
        QuiesceBarrier.Result quiesced = QuiesceBarrier.begin(client, journal, application.model(), requests);
        holder.hold(quiesced.handle());
        reportObstacles(quiesced, sink);
        sink.offerDocuments();
        networks.sendTo(sink);
        new PathCapture(client, paths, application, options).sendTo(sink);
        sendLayers(sink, paths);
        volumes.sendTo(sink);
        Map<String, ContainerSpec> atEnd = checkStillThere();
        volumes.checkStillThere();
        Set<String> torn = torn(quiesced, atEnd, sink);
        sink.sendDocuments(app(begun, quiesced, torn));
    }

    private HostPaths paths() throws IOException {
        return members().isEmpty()
                ? HostPaths.of(client)
                : HostPaths.of(client, members().values().iterator().next().id());
    }

    private void sendLayers(FidelityRecorder sink, HostPaths paths) throws IOException {
        SnapshotDocuments.directory(sink, SnapshotLayout.ROOTFS);
        for (Map.Entry<String, ContainerSpec> member : members().entrySet()) {
            ContainerSpec container = member.getValue();
            LayerReader reader = new LayerReader(client, container.id(), MountPlaces.of(container));
            try {
                reader.sendTo(sink, SnapshotLayout.layer(member.getKey()), paths.writableLayer(client, container));
            } catch (DockerException e) {
                // Not every engine says that it is gone.
                StillThere.check("container " + container.name(), () -> new Containers(client).inspect(container.id()));
                throw e;
            }
        }
    }

    private Map<String, Quiesce> requests() throws IOException {
        Selection.check(application, options.quiesceOf().keySet());
        Map<String, Quiesce> requests = new TreeMap<>();
        for (Map.Entry<String, ContainerSpec> member : members().entrySet()) {
            requests.put(member.getKey(), options.quiesceOf(member.getValue()));
        }
        return requests;
    }

    private static void reportObstacles(QuiesceBarrier.Result quiesced, EntrySink sink) throws IOException {
        for (Map.Entry<String, QuiescedContainer.Result> member :
                quiesced.members().entrySet()) {
            if (!member.getValue().reached()) {
                sink.report(new Problem(
                        SnapshotLayout.container(member.getKey()),
                        Problem.Kind.CHANGED,
                        "the container was not quiesced, since "
                                + member.getValue().obstacle() + ": its files may be a mix of states"));
            }
        }
    }

    /** Returns those that a time limit, another backup or an administrator has resumed while they were read. */
    private Set<String> torn(QuiesceBarrier.Result quiesced, Map<String, ContainerSpec> atEnd, EntrySink sink)
            throws IOException {
        Set<String> torn = new HashSet<>();
        for (Map.Entry<String, QuiescedContainer.Result> member :
                quiesced.members().entrySet()) {
            QuiescedContainer.Result result = member.getValue();
            ContainerSpec now = atEnd.get(member.getKey());
            if (!result.reached()) {
                torn.add(member.getKey());
            } else if (result.quiesce().level() != Quiesce.Level.NONE
                    && now != null
                    && now.state().isActive()) {
                torn.add(member.getKey());
                sink.report(new Problem(
                        SnapshotLayout.container(member.getKey()),
                        Problem.Kind.CHANGED,
                        "the container was "
                                + (result.quiesce().level() == Quiesce.Level.PAUSE ? "unpaused" : "started")
                                + " before all of it was read: its files may be a mix of states"));
            }
        }
        return torn;
    }

    private JsonObject app(Instant begun, QuiesceBarrier.Result quiesced, Set<String> torn) throws IOException {
        List<@Nullable Object> members = new ArrayList<>();
        for (Map.Entry<String, QuiescedContainer.Result> member :
                quiesced.members().entrySet()) {
            QuiescedContainer.Result result = member.getValue();
            members.add(JsonObject.create()
                    .put("key", member.getKey())
                    .put("name", result.container().name())
                    .put("id", result.container().id())
                    .put("image", images.image(member.getKey()).identity())
                    .put("quiesce", result.quiesce().name())
                    .put("quiesced", !torn.contains(member.getKey()))
                    .put("wasRunning", result.container().state().running())
                    .members());
        }
        return JsonObject.create()
                .put("lifeboat", "app")
                .put("version", 1)
                .put("kind", application.kind())
                .put("name", application.name())
                .put("engine", client.info().version())
                .put("members", members)
                .put("begun", begun.toString())
                .put("ended", Instant.now().toString());
    }

    /** Returns the containers as they are now. */
    private Map<String, ContainerSpec> checkStillThere() throws IOException {
        Map<String, ContainerSpec> now = new TreeMap<>();
        for (Map.Entry<String, ContainerSpec> member : members().entrySet()) {
            ContainerSpec container = member.getValue();
            now.put(
                    member.getKey(),
                    StillThere.check(
                            "container " + container.name() + " or a volume of it",
                            () -> new Containers(client).inspect(container.id())));
        }
        return now;
    }

    private ContainerDocument document(String key, List<CapturedVolume> volumes, HostPaths paths) throws IOException {
        return new ContainerDocument(
                application.member(key),
                images.image(key),
                volumes,
                names(application.member(key)),
                new PathCapture(client, paths, application, options).captured(application.member(key)),
                client.info().os() + "/" + client.info().architecture(),
                paths.hostName());
    }

    /**
     * Names of the containers and networks that the configuration refers to by id: ids change when these are made
     * anew.
     */
    private Map<String, String> names(ContainerSpec container) throws IOException {
        Map<String, String> names = new TreeMap<>();
        Set<String> references = new HashSet<>();
        for (String field : new String[] {"NetworkMode", "PidMode", "IpcMode"}) {
            ContainerSpec.containerOf(container.mode(field)).ifPresent(references::add);
        }
        for (String owner : container.hostConfig().strings("VolumesFrom")) {
            references.add(ContainerSpec.volumesOwner(owner));
        }
        for (String reference : references) {
            try {
                names.put(reference, new Containers(client).inspect(reference).name());
            } catch (DockerException e) {
                // It is gone; the plan of a restore says so.
                if (e.kind() != DockerException.Kind.NOT_FOUND) {
                    throw e;
                }
            }
        }
        String mode = container.mode("NetworkMode");
        for (Map.Entry<String, JsonObject> endpoint : container.endpoints().entrySet()) {
            if (endpoint.getValue().optionalString("NetworkID").orElse("").equals(mode)) {
                names.put(mode, endpoint.getKey());
            }
        }
        return names;
    }
}
