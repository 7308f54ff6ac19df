package dev.lifeboat.docker;

import dev.lifeboat.docker.ContainerRestore.RestoreOptions;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One restore of a container. Entries come in canonical order, which is laid out as the order of restore: configuration, image, networks,
 * then the container is created, then its writable layer and its volumes are filled, one after the other.
 */
final class ContainerSession implements RestoreTarget.Session {
    private final EngineClient client;
    private final RestoreOptions options;
    private final RestoreRequest request;
    private final Map<String, JsonObject> networks = new TreeMap<>();
    private @Nullable Blueprint blueprint;
    private @Nullable ImageLoader images;
    private @Nullable ContainerAssembly assembly;
    private EntryPath place = EntryPath.root();
    private @Nullable VolumeWriter writer;
    private final AtomicLong failures = new AtomicLong();
    private boolean committed;

    ContainerSession(EngineClient client, RestoreOptions options, RestoreRequest request) {
        this.client = client;
        this.options = options;
        // What the image put into a fresh volume is not part of the snapshot; in place, neither is what came since.
        this.request = new RestoreRequest(request.dryRun(), request.partial(), true, new RestoreRequest.Listener() {
            @Override
            public void changed(RestoreChange change) {
                request.listener().changed(change);
            }

            @Override
            public void problem(Problem problem) {
                if (problem.kind() == Problem.Kind.FAILED) {
                    failures.incrementAndGet();
                }
                request.listener().problem(problem);
            }
        });
    }

    @Override
    public synchronized boolean offer(Entry entry) throws IOException {
        List<ByteString> segments = entry.path().segments();
        if (segments.size() < 2) {
            return false;
        }
        return switch (segments.get(0).toString()) {
            case "containers" -> segments.size() == 3 && entry.isFile();
            case "images" -> images().offer(entry);
            case "networks" -> entry.isFile();
            case "rootfs" -> offerTo(Documents.ROOTFS.resolve(segments.get(1)), entry);
            case "volumes" -> offerToVolume(segments, entry);
            default -> false;
        };
    }

    private boolean offerToVolume(List<ByteString> segments, Entry entry) throws IOException {
        boolean data = segments.size() >= 3 && segments.get(2).equals(ByteString.utf8("data"));
        return data && offerTo(Documents.VOLUMES.resolve(segments.get(1)).resolve("data"), entry);
    }

    private boolean offerTo(EntryPath newPlace, Entry entry) throws IOException {
        if (request.dryRun() && !assembly().isThere()) {
            request.listener().changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
            return false;
        }
        if (writer == null || !newPlace.equals(place)) {
            finishWriter();
            writer = assembly().writer(newPlace);
            place = newPlace;
        }
        return writer.offer(entry);
    }

    private void finishWriter() throws IOException {
        VolumeWriter last = writer;
        if (last != null) {
            last.finish();
            last.close();
            writer = null;
        }
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        switch (entry.path().segments().get(0).toString()) {
            case "containers" -> takeConfiguration(entry.path(), in);
            case "images" -> images().content(entry, in);
            case "networks" -> {
                JsonObject document = Documents.read(entry.path(), in);
                networks.put(document.object("inspect").string("Name"), document.object("inspect"));
            }
            default -> {
                VolumeWriter to = writer;
                if (to == null) {
                    throw new IllegalStateException("content of '" + entry.path() + "' was not wanted");
                }
                to.content(entry, in);
            }
        }
    }

    private void takeConfiguration(EntryPath path, InputStream in) throws IOException {
        if (blueprint != null) {
            throw new IOException("the snapshot holds more than one container; restore it as a project");
        }
        blueprint = new Blueprint(Documents.read(path, in), options);
    }

    private Blueprint blueprint() throws IOException {
        if (blueprint == null) {
            throw new IOException("the snapshot is none of a container: it has no " + Documents.CONTAINERS);
        }
        return blueprint;
    }

    private ImageLoader images() throws IOException {
        if (images == null) {
            images = new ImageLoader(client, request, blueprint().imageLayers());
        }
        return images;
    }

    /** From here on the image is loaded and all networks are known. */
    private ContainerAssembly assembly() throws IOException {
        if (assembly == null) {
            assembly = new ContainerAssembly(client, blueprint(), options, request, networks);
            assembly.begin();
        }
        return assembly;
    }

    /** The configuration says what to make, and so on. */
    @Override
    public boolean requiresInlineContent() {
        return true;
    }

    /** From the archive: the engine has it already, and here it counts. */
    @Override
    public void report(Problem problem) {
        request.listener().problem(problem);
    }

    @Override
    public synchronized void commit() throws IOException {
        ContainerAssembly whole = assembly();
        finishWriter();
        if (options.inPlace() && failures.get() > 0 && !request.dryRun()) {
            // The old one may be the only good copy of what could not be restored.
            throw new IOException(
                    failures.get() + " entries could not be restored, so the old container was not replaced; its"
                            + " volumes were written to. Restore under a new name to have the rest");
        }
        whole.commit();
        committed = true;
    }

    @Override
    public synchronized void close() throws IOException {
        try {
            if (writer != null) {
                writer.close();
                writer = null;
            }
            if (images != null) {
                images.close();
            }
        } finally {
            if (assembly != null && !committed) {
                ContainerAssembly undone = assembly;
                assembly = null;
                Uninterrupted.run(undone::undo);
            }
        }
    }
}
