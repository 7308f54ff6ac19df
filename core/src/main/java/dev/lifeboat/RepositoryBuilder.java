package dev.lifeboat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.event.OperationEnded;
import dev.lifeboat.event.OperationStarted;
import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.format.chunked.ChunkedFormat;
import dev.lifeboat.format.tar.TarFormat;
import dev.lifeboat.internal.audit.AuditLog;
import dev.lifeboat.internal.audit.AuditStore;
import dev.lifeboat.internal.catalog.ManifestCodec;
import dev.lifeboat.internal.engine.CacheSettings;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.engine.OperationListeners;
import dev.lifeboat.internal.engine.TaggedStorage;
import dev.lifeboat.internal.engine.WorkSettings;
import dev.lifeboat.internal.frame.FrameCodec;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.RandomIds;
import dev.lifeboat.internal.json.Envelope;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.replica.ReplicatedStorage;
import dev.lifeboat.internal.seal.KeyBundle;
import dev.lifeboat.internal.seal.KeySlotStore;
import dev.lifeboat.internal.seal.OpenedSlot;
import dev.lifeboat.internal.seal.SealedKeys;
import dev.lifeboat.internal.seal.Secret;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Opens or creates a repository, once. Not thread-safe. */
public final class RepositoryBuilder {
    private static final String NOT_ENCRYPTED = "none";
    private static final String ENCRYPTED = "aes-256-gcm";

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int ATTEMPTS = 5;
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final StorageTarget first;
    private final List<StorageTarget> replicas = new ArrayList<>();
    private final List<Function<? super OperationStarted, ? extends Consumer<? super OperationEnded>>> onStart =
            new ArrayList<>();
    private final List<Consumer<? super OperationEnded>> onEnd = new ArrayList<>();
    private Optional<String> actor = Optional.empty();
    private StorageTarget storage;
    private Optional<ReplicatedStorage> replicated = Optional.empty();
    private int quorum = 1;
    private WorkSettings work = WorkSettings.standard();
    private Optional<CacheSettings> cache = Optional.empty();
    private Duration patience = PATIENCE;
    private @Nullable ArchiveFormat format;
    private @Nullable Encryption encryption;
    private Clock clock = Clock.systemUTC();

    RepositoryBuilder(StorageTarget storage) {
        this.first = storage;
        this.storage = new TaggedStorage(storage);
    }

    /**
     * Sets the format of new snapshots; {@link ChunkedFormat#create} unless set. Existing snapshots are read in the
     * format that they have.
     *
     * @throws IllegalStateException if it was set already
     */
    @CanIgnoreReturnValue
    public RepositoryBuilder format(ArchiveFormat newFormat) {
        if (format != null) {
            throw new IllegalStateException("the format is set already: " + format);
        }
        format = newFormat;
        return this;
    }

    /**
     * Sets how the repository is encrypted. Required.
     *
     * @throws IllegalStateException if it was set already
     */
    @CanIgnoreReturnValue
    public RepositoryBuilder encryption(Encryption newEncryption) {
        if (encryption != null) {
            throw new IllegalStateException("the encryption is set already: " + encryption);
        }
        encryption = newEncryption;
        return this;
    }

    /**
     * Adds a replica: another store that gets a copy of the repository. May be called again for more.
     *
     * <p>A backup reads its source once and writes to all stores. The primary store, given to {@link Repository#at}, is
     * authoritative. A replica that fails or is slow does not delay operations; the next backup or
     * {@link Repository#syncReplicas} brings it in sync. Objects that are lost or damaged in the primary store are read
     * from a replica and put back. A replica is a complete repository: if the primary store is lost, open the replica
     * instead.
     *
     * <p>The repository closes the store. Only this repository may write to it.
     */
    @CanIgnoreReturnValue
    public RepositoryBuilder replica(StorageTarget replica) {
        replicas.add(replica);
        return this;
    }

    /**
     * Caches the index and the trees in a local directory, so that browsing and the backup of unchanged data need few
     * requests. Useful for a bucket; a store in a directory needs no cache.
     *
     * <p>The directory may be deleted at any time, and shared by processes and repositories. It holds the bytes of the
     * store, encrypted if the repository is, and each piece is checked when it is read. Verify, prune and repair do not
     * use it.
     *
     * @param directory created if it does not exist; if it cannot be written, nothing is cached
     * @param maxBytes maximum size; the least recently used objects are evicted first
     * @throws IllegalArgumentException if {@code maxBytes} is less than 1 MiB
     */
    @CanIgnoreReturnValue
    public RepositoryBuilder cache(Path directory, long maxBytes) {
        if (maxBytes < 1 << 20) {
            throw new IllegalArgumentException("size is less than 1 MiB: " + maxBytes);
        }
        cache = Optional.of(new CacheSettings(directory, maxBytes));
        return this;
    }

    /**
     * Sets what creates the threads of this repository: of its workers and of its replicas. They end when they have had
     * no work for a while, and when the repository is closed. Unless set, they are daemon threads named
     * {@code lifeboat-worker-N}. The number of threads must not be limited, since some wait for others;
     * {@link #parallelism} bounds the work. A {@link Job} has a thread of its own in any case.
     */
    @CanIgnoreReturnValue
    public RepositoryBuilder threads(ThreadFactory newThreads) {
        work = new WorkSettings(newThreads, work.parallelism());
        return this;
    }

    /**
     * Sets how many chunks of an operation are hashed, compressed and transferred at once; the number of processors
     * unless set. Some work uses two in any case, and less memory means fewer.
     *
     * @throws IllegalArgumentException if it is not in 1..1024
     */
    @CanIgnoreReturnValue
    public RepositoryBuilder parallelism(int tasks) {
        if (tasks < 1 || tasks > 1024) {
            throw new IllegalArgumentException("parallelism is not in 1..1024: " + tasks);
        }
        work = new WorkSettings(work.threads(), tasks);
        return this;
    }

    /**
     * Sets how many stores, the primary one included, must have everything that a snapshot needs before it is
     * committed; 1 unless set: replicas that can be reached then get it as well, but the backup does not need them. If
     * fewer stores succeed, the backup fails and commits nothing. There is no time limit for stores that the quorum
     * needs. The manifest is copied to replicas after the commit.
     *
     * @throws IllegalArgumentException if it is less than 1; if it is more than the number of stores, opening fails
     */
    @CanIgnoreReturnValue
    public RepositoryBuilder quorum(int stores) {
        if (stores < 1) {
            throw new IllegalArgumentException("quorum is less than 1: " + stores);
        }
        quorum = stores;
        return this;
    }

    /**
     * Adds a listener that receives each operation of this repository as it begins, on the thread of the operation;
     * what it returns receives the end of the same operation, on that thread. For what lasts as long, such as a span of
     * a trace. Both must be thread-safe. What they throw is logged, and ends nothing. May be called again for more.
     */
    @CanIgnoreReturnValue
    public RepositoryBuilder onStart(
            Function<? super OperationStarted, ? extends Consumer<? super OperationEnded>> listener) {
        onStart.add(listener);
        return this;
    }

    /**
     * Adds a listener that receives each operation of this repository that has ended, well or not, on the thread of the
     * operation. It must be thread-safe. What it throws is logged, and ends nothing. May be called again for more.
     */
    @CanIgnoreReturnValue
    public RepositoryBuilder onEnd(Consumer<? super OperationEnded> listener) {
        onEnd.add(listener);
        return this;
    }

    /**
     * Records each operation in the {@linkplain Repository#auditTrail audit trail} of the repository, signed with the
     * passphrase or key that it is opened with: backups, restores, prunes and all others, what is browsed, changes of
     * keys, and trims of logs. Not that it is opened or listed, nor what is appended to logs. An operation whose
     * beginning cannot be recorded fails before it does anything, so the credentials for the store have to allow puts,
     * even for a restore. A store with one writer at a time, as a registry is, then has one user at a time.
     *
     * @param newActor who acts, such as the name of a user or a host; it is signed, and not verified
     * @throws IllegalStateException if it was set already; opening throws it if the repository is not encrypted
     * @throws IllegalArgumentException if it has more than 255 characters
     */
    @CanIgnoreReturnValue
    public RepositoryBuilder audit(String newActor) {
        if (actor.isPresent()) {
            throw new IllegalStateException("the actor is set already: " + actor.get());
        }
        if (newActor.length() > 255) {
            throw new IllegalArgumentException("actor has more than 255 characters: " + newActor.length());
        }
        actor = Optional.of(newActor);
        return this;
    }

    /**
     * Sets how long a backup waits at its end for replicas that its quorum does not need; ten seconds unless set. A
     * replica that takes longer is synced in the background while the repository is open. Backups do not wait for it
     * again until it is in sync.
     *
     * @throws IllegalArgumentException if the duration is negative, or over 365 days
     */
    @CanIgnoreReturnValue
    public RepositoryBuilder waitForReplicas(Duration newPatience) {
        if (newPatience.isNegative() || newPatience.compareTo(Duration.ofDays(365)) > 0) {
            throw new IllegalArgumentException("duration is negative or over 365 days: " + newPatience);
        }
        patience = newPatience;
        return this;
    }

    @CanIgnoreReturnValue
    RepositoryBuilder clock(Clock newClock) {
        clock = newClock;
        return this;
    }

    /**
     * Opens an existing repository.
     *
     * @throws BackupException.NotFound if there is none
     * @throws BackupException.WrongKey if the passphrase or key does not open it; or if it is encrypted and
     *     {@link Encryption#none} was given, or the reverse
     * @throws BackupException.UnsupportedFormat if a newer version of the library created it
     * @throws BackupException.Corrupt if its descriptor is damaged
     * @throws BackupException.StorageFailed if the store fails
     * @throws IllegalStateException if the settings do not fit one another, or the native library of zstd-jni cannot be
     *     loaded
     */
    public Repository open() {
        return guarded(
                "open",
                () -> find().orElseThrow(() -> new BackupException.NotFound("no repository in "
                        + storage.location() + ": there is no object " + RepositoryLayout.DESCRIPTOR
                        + "; create one with create() or openOrCreate()")));
    }

    /**
     * Creates a new repository.
     *
     * @throws BackupException.AlreadyExists if there is one, in the store or in a replica, or the store is not empty
     * @throws BackupException.StorageFailed if the store fails
     * @throws IllegalStateException as {@link #open} does
     */
    public Repository create() {
        return guarded("create", () -> {
            if (find().isPresent()) {
                throw new BackupException.AlreadyExists(
                        "there is a repository in " + storage.location() + "; open it with open() or openOrCreate()");
            }
            return createNew();
        });
    }

    /**
     * Opens an existing repository, or creates a new one.
     *
     * @throws BackupException as {@link #open} and {@link #create} do
     */
    public Repository openOrCreate() {
        return guarded("open or create", () -> {
            Optional<Repository> found = find();
            return found.isPresent() ? found.get() : createNew();
        });
    }

    private Repository guarded(String verb, Failures.Action<Repository> opening) {
        // All check the settings, before anything is read or written.
        if (actor.isPresent() && encryption().isNone()) {
            throw new IllegalStateException("an audit trail needs keys to tell who acts: give"
                    + " .encryption(Encryption.passphrase(..)) or Encryption.key(..)");
        }
        format();
        replicate();
        // Now, not when a container is quiesced.
        FrameCodec.loadZstd();
        return Failures.translating("cannot " + verb + " repository in " + storage.location(), opening);
    }

    private void replicate() {
        if (quorum > 1 + replicas.size()) {
            throw new IllegalStateException("a quorum of " + quorum + " stores needs more than the "
                    + (1 + replicas.size()) + " given; add replicas with replica(..), or lower the quorum");
        }
        if (!replicas.isEmpty() && replicated.isEmpty()) {
            ReplicatedStorage all = new ReplicatedStorage(first, replicas, quorum, patience, work.threads());
            replicated = Optional.of(all);
            storage = new TaggedStorage(all);
        }
    }

    /**
     * Checks that no replica holds a repository: if one does, the primary store is empty because it was lost or is not
     * mounted, and creating a second repository there would hide that. Returns the repository that another process has
     * created in the meantime.
     */
    private Optional<Repository> checkReplicasAreEmpty() throws IOException {
        for (StorageTarget replica : replicas) {
            if (replica.find(RepositoryLayout.DESCRIPTOR).isPresent()) {
                Optional<Repository> made = find();
                if (made.isPresent()) {
                    return made;
                }
                throw new BackupException.AlreadyExists("there is no repository in " + storage.location()
                        + ", but its replica " + replica.location()
                        + " holds one: if the primary store is lost, open"
                        + " Repository.at(that replica), with an empty store as replica(..) to copy it to");
            }
        }
        return Optional.empty();
    }

    private Optional<Repository> find() throws IOException {
        JsonObject json;
        try {
            json = SealedDocument.read(
                    storage, RepositoryLayout.DESCRIPTOR, ManifestCodec.REPOSITORY, ManifestCodec.DESCRIPTOR_VERSION);
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
        return Optional.of(opened(json));
    }

    private Repository opened(JsonObject descriptor) throws IOException {
        if (!descriptor.string("id").matches("[0-9a-f]{32}")) {
            throw new DamagedException(descriptor + " is damaged: '" + descriptor.string("id") + "' is not an id");
        }
        byte[] id = HexFormat.of().parseHex(descriptor.string("id"));
        String actual = descriptor.string("encryption");
        Map<String, String> parameters = descriptor.stringMap("parameters");
        if (!actual.equals(NOT_ENCRYPTED) && !actual.equals(ENCRYPTED)) {
            throw new UnsupportedVersionException("it is encrypted with '" + actual
                    + "', which this library does not know; use a newer release of Lifeboat");
        }
        Encryption expected = encryption();
        if (actual.equals(NOT_ENCRYPTED)) {
            if (!expected.isNone()) {
                throw wrongKey("it is not encrypted; if that is expected, give .encryption(Encryption.none()), "
                        + "otherwise another repository has been put in its place");
            }
            return repository(RepositoryKeys.none(id), parameters, Optional.empty());
        }
        Secret secret = expected.secret()
                .orElseThrow(() -> wrongKey("it is encrypted; give .encryption(Encryption.passphrase(..))"));
        OpenedSlot slot = KeySlotStore.open(storage, id, secret)
                .orElseThrow(() -> wrongKey("this " + secret + " opens none of its key slots"));
        RepositoryKeys keys = new SealedKeys(id, slot.bundle(), new SecureRandom());
        if (!proof(keys, parameters).equals(descriptor.string("proof"))) {
            throw new DamagedException(descriptor + " is damaged: its parameters are not those it was created with");
        }
        return repository(keys, parameters, Optional.of(slot));
    }

    /** Returns a proof that the parameters were chosen by someone who has a key. */
    private static String proof(RepositoryKeys keys, Map<String, String> parameters) {
        return HexFormat.of().formatHex(keys.derive("descriptor " + new TreeMap<>(parameters), 16));
    }

    private BackupException wrongKey(String why) {
        return new BackupException.WrongKey("cannot open repository in " + storage.location() + ": " + why, null);
    }

    private Encryption encryption() {
        if (encryption == null) {
            throw new IllegalStateException("the encryption is not set; give "
                    + ".encryption(Encryption.passphrase(..)), or .encryption(Encryption.none()) for none");
        }
        return encryption;
    }

    private Repository createNew() throws IOException {
        Optional<Repository> concurrent = checkReplicasAreEmpty();
        if (concurrent.isPresent()) {
            return concurrent.get();
        }
        Optional<ObjectKey> foreign = foreignObject();
        for (int attempt = 0; foreign.isPresent(); attempt++) {
            // Another process may have created a repository in the meantime, and use it already. Some stores list
            // objects
            // whose put has not completed.
            Optional<Repository> made = find();
            if (made.isPresent()) {
                return made.get();
            }
            if (attempt == ATTEMPTS) {
                throw new BackupException.AlreadyExists(storage.location() + " holds " + foreign.get() + " but no "
                        + RepositoryLayout.DESCRIPTOR
                        + ": it holds something else, or its descriptor was lost; choose an empty place, or restore"
                        + " the descriptor from a replica");
            }
            pause();
            foreign = foreignObject();
        }
        byte[] id = HexFormat.of().parseHex(RandomIds.next());
        Map<String, String> parameters = new TreeMap<>(format().parameters());
        JsonObject json = SealedDocument.start(ManifestCodec.REPOSITORY, ManifestCodec.DESCRIPTOR_VERSION)
                .put("id", HexFormat.of().formatHex(id))
                .put("created", clock.instant().toString())
                .put("encryption", encryption().isNone() ? NOT_ENCRYPTED : ENCRYPTED)
                .put("parameters", parameters);
        Optional<Secret> secret = encryption().secret();
        if (secret.isEmpty()) {
            return putDescriptor(json)
                    ? repository(RepositoryKeys.none(id), parameters, Optional.empty())
                    : foundInstead();
        }
        KeyBundle bundle = KeyBundle.generate(new SecureRandom());
        RepositoryKeys keys = new SealedKeys(id, bundle, new SecureRandom());
        // The slot before the descriptor: a repository that has a descriptor can be opened.
        OpenedSlot opened = KeySlotStore.add(storage, id, "first", bundle, bundle, secret.get());
        if (putDescriptor(json.put("proof", proof(keys, parameters)))) {
            return repository(keys, parameters, Optional.of(opened));
        }
        KeySlotStore.remove(storage, opened.slot().id());
        return foundInstead();
    }

    /**
     * Returns an object that is not part of a repository that a process is creating, or was creating when it crashed.
     */
    private Optional<ObjectKey> foreignObject() throws IOException {
        List<ObjectKey> foreign = new ArrayList<>();
        storage.list("", object -> {
            ObjectKey key = object.key();
            if (foreign.isEmpty()
                    && !key.value().startsWith(RepositoryLayout.KEY_SLOTS)
                    && !key.equals(RepositoryLayout.DESCRIPTOR)) {
                foreign.add(key);
            }
        });
        return foreign.stream().findFirst();
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(PAUSE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        }
    }

    /** Puts the descriptor. Returns false if there is one already. */
    private boolean putDescriptor(JsonObject descriptor) throws IOException {
        try {
            storage.put(
                    RepositoryLayout.DESCRIPTOR, Content.of(SealedDocument.seal(descriptor)), PutCondition.IF_ABSENT);
            return true;
        } catch (PreconditionFailedException e) {
            return false;
        }
    }

    /** Opens the repository that another process has created in the meantime. */
    private Repository foundInstead() throws IOException {
        return find().orElseThrow(() -> new IOException(RepositoryLayout.DESCRIPTOR + " in " + storage.location()
                + " was removed right after another process had created it; try again"));
    }

    private ArchiveFormat format() {
        ArchiveFormat chosen = format == null ? ChunkedFormat.create() : format;
        if (!encryption().isNone() && !chosen.encrypts()) {
            throw new IllegalStateException(
                    "format '" + chosen.id() + "' does not encrypt; use ChunkedFormat, or Encryption.none()");
        }
        return chosen;
    }

    private Repository repository(RepositoryKeys keys, Map<String, String> parameters, Optional<OpenedSlot> slot) {
        OpenRepository opened = new OpenRepository(
                storage,
                replicated,
                cache,
                work,
                formats(),
                clock,
                keys,
                parameters,
                new OperationListeners(onStart, onEnd),
                audit(keys, slot));
        return new Repository(opened, slot.map(OpenedSlot::bundle));
    }

    private Optional<AuditLog> audit(RepositoryKeys keys, Optional<OpenedSlot> slot) {
        return actor.map(name -> new AuditLog(
                new AuditStore(storage, new Envelope(keys)), keys.repository(), slot.orElseThrow(), name, clock));
    }

    /** Returns all formats, that of new snapshots first. It replaces the built-in format with its id. */
    private List<ArchiveFormat> formats() {
        List<ArchiveFormat> formats = new ArrayList<>(List.of(format()));
        for (ArchiveFormat known : List.of(ChunkedFormat.create(), TarFormat.create())) {
            if (formats.stream().noneMatch(f -> f.id().equals(known.id()))) {
                formats.add(known);
            }
        }
        return List.copyOf(formats);
    }
}
