package dev.lifeboat.docker.drill;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.docker.internal.client.LabelledResources;
import dev.lifeboat.docker.internal.model.Identity;
import dev.lifeboat.docker.internal.restore.RestoreRecovery;
import dev.lifeboat.docker.internal.transfer.HostTree;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.process.ProcessIdentity;
import dev.lifeboat.oci.internal.image.ImageSpec;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.quiesce.QuiesceJournal.QuiesceRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a drill makes, and how it is taken away: containers, volumes and networks by their label; images and files by a
 * record in the journal, which is written before anything is made.
 */
final class DrillResources {
    private static final Logger log = LoggerFactory.getLogger(DrillResources.class);

    /** Records of drills of this process that have ended, and whose resources could not all be removed. */
    private static final Map<Path, QuiesceRecord> ENDED = new ConcurrentHashMap<>();

    private static final String DRILL = "drill";
    private static final String ENGINE = "engine";
    private static final String IMAGES = "images";
    private static final String IDS = "ids";
    private static final String LAYERS = "layers";
    private static final String TAGS = "tags";
    private static final String PATHS = "paths";

    private final EngineClient client;
    private final QuiesceJournal journal;

    DrillResources(EngineClient client, QuiesceJournal journal) {
        this.client = client;
        this.journal = journal;
    }

    /** Returns the directory for the files of a drill. */
    Path paths(String name) {
        return journal.directory().toAbsolutePath().resolve(name);
    }

    /**
     * Records a drill.
     *
     * @param owner in the labels
     * @param missing images that the engine does not have; their configuration is not recorded, since it has secrets
     */
    QuiesceRecord record(String owner, List<ImageSpec> missing, Path paths) throws IOException {
        journal.ready();
        List<@Nullable Object> images = new ArrayList<>();
        for (ImageSpec image : missing) {
            images.add(JsonObject.create()
                    .put(IDS, image.ids())
                    .put(LAYERS, image.layers())
                    .put(TAGS, image.tags())
                    .members());
        }
        JsonObject json = JsonObject.create().put(IMAGES, images);
        return journal.write(Map.of(
                DRILL,
                owner,
                ENGINE,
                client.uri().toString(),
                IMAGES,
                new String(json.toBytes(), StandardCharsets.UTF_8),
                PATHS,
                paths.toString()));
    }

    /**
     * Removes all of a drill, even on an interrupted thread. The record goes last. If something stays, the next call of
     * {@link #removeLeftovers} in this process tries again, and later ones of others.
     *
     * @return names of what is removed
     */
    List<String> remove(QuiesceRecord record) throws IOException {
        List<String> removed = new ArrayList<>();
        boolean[] done = {false};
        try {
            UninterruptibleCleanup.run(() -> {
                String owner = record.values().getOrDefault(DRILL, "");
                LabelledResources labelled = new LabelledResources(client, Identity.DRILL);
                check(LabelledResources.removeAll(() -> labelled.of(owner::equals), removed::add));
                removePaths(record);
                if (removeImages(record, removed)) {
                    record.remove();
                    done[0] = true;
                }
            });
        } finally {
            if (done[0]) {
                ENDED.remove(record.file());
            } else {
                ENDED.put(record.file(), record);
            }
        }
        return removed;
    }

    private static void check(List<LabelledResources.Resource> left) throws IOException {
        if (!left.isEmpty()) {
            List<String> names =
                    left.stream().map(LabelledResources.Resource::name).toList();
            throw new IOException(
                    "still there are " + names + "; the next drill removes them, or remove them yourself");
        }
    }

    /** Whether all are gone. One that a container uses by now stays, until a later drill finds it unused. */
    private boolean removeImages(QuiesceRecord record, List<String> removed) throws IOException {
        String json = record.values().getOrDefault(IMAGES, "{}");
        JsonObject missing = JsonObject.parse(json.getBytes(StandardCharsets.UTF_8), "record of a drill");
        Images images = new Images(client);
        boolean gone = true;
        for (JsonObject captured : missing.has(IMAGES) ? missing.objects(IMAGES) : List.<JsonObject>of()) {
            for (ImageSpec image : images.all()) {
                if (image.layers().equals(captured.strings(LAYERS))) {
                    List<String> names = captured.strings(image.tags().isEmpty() ? IDS : TAGS);
                    gone &= removeImage(images, image, names, removed);
                }
            }
        }
        return gone;
    }

    /** Only under the names that a restore gives it: what has another one is someone else's by now. */
    private static boolean removeImage(Images images, ImageSpec image, List<String> given, List<String> removed)
            throws IOException {
        List<String> names = image.tags().isEmpty() ? List.of(image.id()) : image.tags();
        boolean gone = true;
        for (String name : names.stream().filter(given::contains).toList()) {
            try {
                LabelledResources.ignoringGone(() -> images.remove(name));
                removed.add("image " + name);
            } catch (DockerException e) {
                if (e.kind() == DockerException.Kind.UNREACHABLE) {
                    throw e;
                }
                log.debug("image of a drill is in use [image={}, cause={}]", name, e.getMessage());
                gone = false;
            }
        }
        return gone;
    }

    /** Only below the journal's own directory, whatever the record says. */
    private void removePaths(QuiesceRecord record) throws IOException {
        Path paths = Path.of(record.values().getOrDefault(PATHS, ""));
        boolean own = paths.isAbsolute() && paths.equals(paths(String.valueOf(paths.getFileName())));
        if (!own || !Files.exists(paths, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        HostTree.remove(paths);
    }

    /**
     * Removes what drills have left: by their records, of processes that are gone and of this one, where an earlier
     * attempt has failed; and what has no record by its label.
     */
    List<String> removeLeftovers() throws IOException {
        try {
            // The restores of these drills first: theirs are containers that hold images. Others are no drills.
            RestoreRecovery.Result others = new RestoreRecovery(client, journal).run();
            log.debug("restores that were killed are recovered [removed={}]", others.removed());
        } catch (IOException e) {
            log.warn("a restore that was killed is not undone [cause={}]", e.toString());
        }
        List<String> removed = new ArrayList<>();
        List<IOException> failures = new ArrayList<>();
        journal.exclusively(() -> {
            List<QuiesceRecord> records = new ArrayList<>(ENDED.values());
            records.addAll(journal.abandoned());
            for (QuiesceRecord record : records) {
                if (isOurs(record)) {
                    attempt(() -> removed.addAll(remove(record)), failures);
                }
            }
            LabelledResources labelled = new LabelledResources(client, Identity.DRILL);
            attempt(
                    () -> check(
                            LabelledResources.removeAll(() -> labelled.of(DrillResources::isAbandoned), removed::add)),
                    failures);
        });
        if (!failures.isEmpty()) {
            throw failures.get(0);
        }
        return removed;
    }

    /** One that cannot be removed keeps no other from it. */
    private static void attempt(LabelledResources.Removal removal, List<IOException> failures) {
        try {
            removal.run();
        } catch (IOException e) {
            failures.add(e);
        }
    }

    private boolean isOurs(QuiesceRecord record) {
        return record.values().containsKey(DRILL)
                && client.uri().toString().equals(record.values().get(ENGINE))
                && journal.directory().equals(record.file().getParent());
    }

    /** Returns what the label of a drill of this process says. */
    static String owner(String name) {
        return ProcessIdentity.current().token() + " " + name;
    }

    private static boolean isAbandoned(String owner) {
        int space = owner.indexOf(' ');
        return space > 0 && ProcessIdentity.isGone(owner.substring(0, space));
    }
}
