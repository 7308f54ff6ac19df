package dev.lifeboat.docker;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.docker.internal.capture.ApplicationCapture;
import dev.lifeboat.docker.internal.capture.CaptureOptions;
import dev.lifeboat.docker.internal.capture.Selection;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntrySource;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Captures several containers as one application, in one snapshot: a Compose project, or containers that have some
 * labels. Their images, writable layers, volumes, configuration and networks are captured; of a project also its
 * unused volumes and networks, its compose files, and the files of its secrets and configs. What belongs to it is
 * looked up anew with each backup, so new containers are included. Containers of {@code compose run} are not.
 *
 * <p>If containers are quiesced, all of them are before any is read. Sessions begin first. Then containers are stopped,
 * then paused; within each group, each one before those that it depends on. They are resumed in the reverse order.
 * Dependencies are those that Compose v2 records ({@code depends_on}), shared namespaces,
 * {@code volumes_from} and links. A container that waits for another one to be healthy is started after it is, or after
 * a minute.
 *
 * <p>A container or volume that is removed while it is read fails the backup. What {@link ContainerSource} says of
 * containers applies to each of them. Immutable. Each method that changes something returns a copy.
 */
@CheckReturnValue
public final class ApplicationSource implements SnapshotSource {
    private final EngineClient client;
    private final QuiesceJournal journal;
    private final Selection selection;
    private final CaptureOptions options;

    ApplicationSource(EngineClient client, QuiesceJournal journal, Selection selection) {
        this(client, journal, selection, CaptureOptions.ofApplication());
    }

    private ApplicationSource(
            EngineClient client, QuiesceJournal journal, Selection selection, CaptureOptions options) {
        this.client = client;
        this.journal = journal;
        this.selection = selection;
        this.options = options;
    }

    private ApplicationSource with(CaptureOptions newOptions) {
        return new ApplicationSource(client, journal, selection, newOptions);
    }

    private ApplicationSource with(Selection newSelection) {
        return new ApplicationSource(client, journal, newSelection, options);
    }

    /**
     * Captures only the containers of some services, or with some names, with their volumes and networks. Services that
     * they depend on are not included. The series stays the same: give it another name with {@link #named}. A name that
     * there is not fails the backup.
     *
     * @throws IllegalArgumentException if no service is given
     */
    public ApplicationSource services(String... services) {
        if (services.length == 0) {
            throw new IllegalArgumentException("no service is given");
        }
        return with(selection.only(Set.copyOf(Arrays.asList(services))));
    }

    /** Leaves out the containers of some services, or with some names, if there are any. */
    public ApplicationSource withoutServices(String... services) {
        Set<String> all = new TreeSet<>(selection.without());
        all.addAll(Arrays.asList(services));
        return with(selection.without(all));
    }

    /**
     * Leaves out containers that neither run nor are paused when the backup begins, and the volumes of these alone.
     * The series stays the same: give it another name with {@link #named}.
     */
    public ApplicationSource runningOnly() {
        return with(selection.running());
    }

    /** Sets how the containers are quiesced; {@link Quiesce#none} unless set. */
    public ApplicationSource quiesce(Quiesce quiesce) {
        return with(options.withQuiesce(quiesce));
    }

    /**
     * Sets how the containers of a service, or the container with that name, are quiesced, unlike the others. A name
     * that there is not fails the backup.
     */
    public ApplicationSource quiesce(String service, Quiesce quiesce) {
        Map<String, Quiesce> all = new TreeMap<>(options.quiesceOf());
        all.put(service, quiesce);
        return with(options.withQuiesceOf(all));
    }

    /** Also captures the content of bind mounts. */
    public ApplicationSource withBindMounts() {
        return with(options.withBindMounts());
    }

    /**
     * Leaves out the files of the host that belong to the configuration: compose files, {@code .env}, and what is
     * mounted read-only and is a single file of up to 1 MiB, as the secrets and configs of Compose are.
     * {@link #withBindMounts} captures the latter all the same.
     */
    public ApplicationSource withoutConfigurationFiles() {
        return with(options.withoutConfigurationFiles());
    }

    /** Does not capture the images. A restore then needs an engine that has them. */
    public ApplicationSource withoutImages() {
        return with(options.withoutImages());
    }

    /**
     * Does not capture the content of some volumes, such as caches. A restore creates them empty; in place, one that
     * exists keeps its content.
     *
     * @param volumes names at the engine, such as {@code shop_cache}
     */
    public ApplicationSource withoutVolumes(String... volumes) {
        Set<String> all = new TreeSet<>(options.withoutVolumes());
        all.addAll(Arrays.asList(volumes));
        return with(options.withoutVolumes(all));
    }

    /**
     * Reads everything once, while the containers are quiesced. Unless this is called, what can be read from the host
     * is read before that, and then only what has changed: they are quiesced for less time, and what has changed is
     * read twice.
     */
    public ApplicationSource withoutPreCopy() {
        return with(options.withoutPreCopy());
    }

    /**
     * Returns {@code compose:} and the name of the project, or {@code containers:} and the labels. It does not name the
     * host: see {@link #named}.
     */
    @Override
    public String name() throws IOException {
        return selection.series(client);
    }

    /** {@inheritDoc} That is what is read from the host, unless {@link #withoutPreCopy} is called. */
    @Override
    public Optional<EntrySource> preCopy() throws IOException {
        return new ApplicationCapture(client, journal, selection.find(client), options).preCopy();
    }

    @Override
    public QuiesceHandle quiesce() throws IOException {
        return ApplicationCapture.quiesce(client, journal, selection.find(client), options);
    }

    /** {@inheritDoc} The images are sent before anything is quiesced, since they do not change. */
    @Override
    public void sendTo(EntrySink sink, QuiesceHandle.Holder holder) throws IOException {
        new ApplicationCapture(client, journal, selection.find(client), options).sendTo(sink, holder);
    }

    @Override
    public void sendTo(EntrySink sink) throws IOException {
        CaptureOptions unquiesced = options.withQuiesce(Quiesce.none()).withQuiesceOf(Map.of());
        new ApplicationCapture(client, journal, selection.find(client), unquiesced).sendTo(sink, handle -> {});
    }

    @Override
    public String toString() {
        return selection.toString();
    }
}
