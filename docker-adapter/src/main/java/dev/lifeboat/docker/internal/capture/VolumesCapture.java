package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HelperContainer;
import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.layout.VolumeDocument;
import dev.lifeboat.docker.internal.layout.VolumeKeys;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Captures the volumes of an application: {@code volumes/}. */
final class VolumesCapture {
    private final EngineClient client;
    private final HostPaths paths;
    private final Application application;
    private final CaptureOptions options;
    /** The volumes of each container. */
    private final Map<String, List<Source>> mounted;

    private final List<Source> unmounted;

    /** A volume and where to read it. */
    private record Source(CapturedVolume volume, JsonObject inspect) {
        String name() {
            return volume.volume().name();
        }
    }

    /** A volume and, if a container mounts it, that container. */
    private record Read(Source source, Optional<ContainerSpec> container) {}

    private VolumesCapture(
            EngineClient client,
            HostPaths paths,
            Application application,
            CaptureOptions options,
            Map<String, List<Source>> mounted,
            List<Source> unmounted) {
        this.client = client;
        this.paths = paths;
        this.application = application;
        this.options = options;
        this.mounted = mounted;
        this.unmounted = unmounted;
    }

    /** Looks the volumes up. */
    static VolumesCapture of(EngineClient client, HostPaths paths, Application application, CaptureOptions options)
            throws IOException {
        return new VolumesCapture(
                client, paths, application, options, mounted(client, application), unmounted(application));
    }

    /** Returns those that a container mounts. */
    List<CapturedVolume> of(String member) {
        return mounted.getOrDefault(member, List.of()).stream()
                .map(Source::volume)
                .toList();
    }

    /** Returns those that no container mounts. */
    List<CapturedVolume> unmounted() {
        return unmounted.stream().map(Source::volume).toList();
    }

    /** Fails if one was removed. */
    void checkStillThere() throws IOException {
        for (Read read : byKey().values()) {
            StillThere.check(
                    "volume " + read.source().name(),
                    () -> new Volumes(client).inspect(read.source().name()));
        }
    }

    /** Sends all. */
    void sendTo(FidelityRecorder sink) throws IOException {
        SnapshotDocuments.directory(sink, SnapshotLayout.VOLUMES);
        for (Read volume : byKey().values()) {
            StillThere.check("volume " + volume.source().name() + " or its container", () -> {
                sendVolume(sink, volume);
                return volume;
            });
        }
    }

    /** Sends the files that are in view, while containers may write to them. */
    void preCopy(EntrySink sink) throws IOException {
        for (Map.Entry<String, Read> volume : byKey().entrySet()) {
            Source source = volume.getValue().source();
            Optional<Path> path = paths.volume(source.inspect());
            if (path.isPresent() && !options.withoutVolumes().contains(source.name())) {
                VolumeCapture.preCopy(sink, volume.getKey(), path.get());
            }
        }
    }

    /** The volumes of each container. */
    private static Map<String, List<Source>> mounted(EngineClient client, Application application) throws IOException {
        Map<String, List<Source>> volumes = new TreeMap<>();
        Map<String, JsonObject> inspects = new TreeMap<>();
        for (Map.Entry<String, ContainerSpec> member :
                application.model().members().entrySet()) {
            Map<ByteString, Source> byKey = new TreeMap<>();
            for (MountSpec mount : member.getValue().mounts()) {
                if (!mount.isVolume()) {
                    continue;
                }
                JsonObject inspect = inspects.get(mount.name());
                if (inspect == null) {
                    inspect = new Volumes(client).inspect(mount.name());
                    inspects.put(mount.name(), inspect);
                }
                String key = VolumeKeys.of(
                        mount.name(), keyOfOwner(application, member.getKey(), mount), mount.destination());
                CapturedVolume volume = new CapturedVolume(
                        key, mount.destination(), VolumeSpec.isAnonymous(mount.name()), VolumeSpec.ofInspect(inspect));
                byKey.putIfAbsent(ByteString.utf8(key), new Source(volume, inspect));
            }
            volumes.put(member.getKey(), List.copyOf(byKey.values()));
        }
        return volumes;
    }

    /**
     * The first container, in the order of start, that mounts a volume at that place: one that gets it from there, by
     * {@code VolumesFrom}, mounts the same.
     */
    private static String keyOfOwner(Application application, String member, MountSpec mount) {
        for (String other : application.model().graph().startOrder()) {
            ContainerSpec container = application.model().members().get(other);
            boolean mounts = container != null
                    && container.mounts().stream()
                            .anyMatch(m -> m.isVolume()
                                    && m.name().equals(mount.name())
                                    && m.destination().equals(mount.destination()));
            if (mounts) {
                return other;
            }
        }
        return member;
    }

    private static List<Source> unmounted(Application application) throws IOException {
        List<Source> unmounted = new ArrayList<>();
        if (application.project().isPresent()) {
            for (JsonObject inspect : application.project().get().unmounted()) {
                VolumeSpec volume = VolumeSpec.ofInspect(inspect);
                unmounted.add(new Source(new CapturedVolume(volume.name(), "", false, volume), inspect));
            }
        }
        return unmounted;
    }

    /** All volumes in canonical order; one that several containers mount is read once. */
    private Map<String, Read> byKey() {
        Map<ByteString, Read> sorted = new TreeMap<>();
        unmounted.forEach(
                source -> sorted.put(ByteString.utf8(source.volume().key()), new Read(source, Optional.empty())));
        mounted.forEach((member, sources) -> sources.forEach(source -> sorted.putIfAbsent(
                ByteString.utf8(source.volume().key()),
                new Read(
                        source,
                        Optional.ofNullable(application.model().members().get(member))))));
        Map<String, Read> byKey = new LinkedHashMap<>();
        sorted.forEach((key, read) -> byKey.put(key.toString(), read));
        return byKey;
    }

    private void sendVolume(FidelityRecorder sink, Read read) throws IOException {
        CapturedVolume volume = read.source().volume();
        JsonObject document = VolumeDocument.of(volume.volume(), volume.anonymous(), volume.destination());
        if (options.withoutVolumes().contains(volume.volume().name())) {
            EntryPath place = SnapshotLayout.volume(volume.key());
            SnapshotDocuments.directory(sink, place);
            SnapshotDocuments.send(sink, place.resolve("config.json"), document.toPrettyBytes());
            sink.report(new Problem(
                    place,
                    Problem.Kind.SKIPPED,
                    "the content of volume " + volume.volume().name() + " is left out by withoutVolumes(..)"));
            return;
        }
        Optional<Path> path = paths.volume(read.source().inspect());
        if (read.container().isPresent()) {
            ContainerSpec container = read.container().get();
            Set<EntryPath> others = MountPlaces.within(container, volume.destination());
            VolumeCapture.Mount mount = new VolumeCapture.Mount(container.id(), volume.destination(), others);
            VolumeCapture.capture(sink, volume.key(), document, path, client, mount);
            return;
        }
        if (path.isPresent()) {
            VolumeCapture.capture(
                    sink, volume.key(), document, path, client, new VolumeCapture.Mount("", "", Set.of()));
            return;
        }
        try (HelperContainer helper =
                HelperContainer.mount(client, volume.volume().name())) {
            VolumeCapture.Mount mount = new VolumeCapture.Mount(helper.id(), HelperContainer.DESTINATION, Set.of());
            VolumeCapture.capture(sink, volume.key(), document, path, client, mount);
        }
    }
}
