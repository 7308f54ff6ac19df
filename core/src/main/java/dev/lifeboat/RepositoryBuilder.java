package dev.lifeboat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.format.chunked.ChunkedFormat;
import dev.lifeboat.format.tar.TarFormat;
import dev.lifeboat.internal.catalog.ManifestCodec;
import dev.lifeboat.internal.engine.CacheSettings;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.engine.TaggedStorage;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.RandomIds;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.replica.ReplicatedStorage;
import dev.lifeboat.internal.seal.KeyBundle;
import dev.lifeboat.internal.seal.KeySlot;
import dev.lifeboat.internal.seal.KeySlotStore;
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
import org.jspecify.annotations.Nullable;

/** Describes a repository; then opens it, once. Not thread-safe. */
public final class RepositoryBuilder {
    private static final String NOT_ENCRYPTED = "none";
    private static final String ENCRYPTED = "aes-256-gcm";

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int LOOKS = 5;
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final StorageTarget first;
    private final List<StorageTarget> replicas = new ArrayList<>();
    private StorageTarget storage;
    private Optional<ReplicatedStorage> replicated = Optional.empty();
    private int quorum = 1;
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
     * Says how new snapshots are written; {@link ChunkedFormat#create} unless set. Old ones are read in whatever format they are.
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
     * Says how the repository is encrypted. Required.
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
     * Keeps a copy of the repository in another store, too; may be called again for more. What a backup reads is read once and goes to all. The first store,
     * that the repository is {@code at}, decides: a replica that fails or is slow holds nothing up, and catches up later, with the next backup or
     * {@link Repository#syncReplicas}. What the first store has lost, or has damaged, is read from a replica and put back. A replica is a
     * repository: if the first store is gone for good, open the replica in its stead.
     *
     * <p>The repository closes the store. Nobody but this repository may write to it.
     */
    @CanIgnoreReturnValue
    public RepositoryBuilder replica(StorageTarget replica) {
        replicas.add(replica);
        return this;
    }

    /**
     * Keeps what was read of the store to find content, index and trees, in a directory of this machine, so that the backup of what has not changed, and browsing, cost few requests.
     * Worth it for a bucket; a directory needs none. It may be removed at any time, and shared by processes and repositories. What is in it is as in the store, sealed if
     * the repository is encrypted, and each piece is checked when it is read. To verify, prune and repair, the store itself is read.
     *
     * @param directory is made if it is not there; one that cannot be written only means that nothing is kept
     * @param maxBytes that it holds, least recently used first out
     * @throws IllegalArgumentException if that is less than 1 MiB
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
     * Says how many stores, the first one among them, must have all that a snapshot needs before it counts; 1 unless set, so that replicas have it if they can be
     * reached. If fewer can be had, a backup fails, however long that takes to find out, and its snapshot does not count. Its manifest follows once it counts.
     *
     * @throws IllegalArgumentException if it is less than 1; if it is more than there are stores, opening fails
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
     * Says how long a backup, when it is done, waits for replicas that its quorum does not need; ten seconds unless set. One that takes longer goes on by itself while
     * the repository is open, and is not waited for again until it has caught up.
     *
     * @throws IllegalArgumentException if it is negative, or over 365 days
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
     * Opens the repository that is there.
     *
     * @throws BackupException.NotFound if there is none
     * @throws BackupException.WrongKey if what was given does not open it; or it is encrypted, or not, other than was said
     * @throws BackupException.UnsupportedFormat if a later version made it
     * @throws BackupException.Corrupt if its descriptor is damaged
     * @throws BackupException.StorageFailed if the store fails
     */
    public Repository open() {
        return guarded(
                "open",
                () -> find().orElseThrow(() -> new BackupException.NotFound("no repository in "
                        + storage.location() + ": there is no object " + RepositoryLayout.DESCRIPTOR
                        + "; create one with create() or openOrCreate()")));
    }

    /**
     * Makes a new repository.
     *
     * @throws BackupException.AlreadyExists if there is one, or the store holds anything else
     * @throws BackupException.StorageFailed if the store fails
     */
    public Repository create() {
        return guarded("create", () -> {
            if (find().isPresent()) {
                throw new BackupException.AlreadyExists(
                        "there is a repository in " + storage.location() + "; open it with open() or openOrCreate()");
            }
            return make();
        });
    }

    /**
     * Opens the repository that is there, or makes a new one.
     *
     * @throws BackupException as {@link #open} and {@link #create} do
     */
    public Repository openOrCreate() {
        return guarded("open or create", () -> {
            Optional<Repository> found = find();
            return found.isPresent() ? found.get() : make();
        });
    }

    private Repository guarded(String verb, Failures.Action<Repository> opening) {
        // Before anything is read or written: both check what was described.
        format();
        replicate();
        return Failures.translating("cannot " + verb + " repository in " + storage.location(), opening);
    }

    private void replicate() {
        if (quorum > 1 + replicas.size()) {
            throw new IllegalStateException("a quorum of " + quorum + " stores is asked for, but there are only "
                    + (1 + replicas.size()) + "; name more with replica(..)");
        }
        if (!replicas.isEmpty() && replicated.isEmpty()) {
            ReplicatedStorage all = new ReplicatedStorage(first, replicas, quorum, patience);
            replicated = Optional.of(all);
            storage = new TaggedStorage(all);
        }
    }

    /**
     * A place that a repository was in, or whose volume is not mounted, is not to become a new one beside the old. Gives the one that another process has made
     * since we looked.
     */
    private Optional<Repository> checkNoReplicaHasOne() throws IOException {
        for (StorageTarget replica : replicas) {
            if (replica.find(RepositoryLayout.DESCRIPTOR).isPresent()) {
                Optional<Repository> made = find();
                if (made.isPresent()) {
                    return made;
                }
                throw new BackupException.AlreadyExists("there is no repository in " + storage.location()
                        + ", but in its replica " + replica.location()
                        + " there is one: if the first store is lost, open"
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
            throw new DamagedException(descriptor + " is damaged: '" + descriptor.string("id") + "' is no id");
        }
        byte[] id = HexFormat.of().parseHex(descriptor.string("id"));
        String actual = descriptor.string("encryption");
        Map<String, String> parameters = descriptor.stringMap("parameters");
        if (!actual.equals(NOT_ENCRYPTED) && !actual.equals(ENCRYPTED)) {
            throw new UnsupportedVersionException("it is encrypted by '" + actual
                    + "', which this library does not know; use a newer release of Lifeboat");
        }
        Encryption expected = encryption();
        if (actual.equals(NOT_ENCRYPTED)) {
            if (!expected.isNone()) {
                throw wrongKey("it is not encrypted; if that is right, say so with .encryption(Encryption.none()), "
                        + "otherwise somebody has put another repository in its place");
            }
            return repository(RepositoryKeys.none(id), parameters, Optional.empty());
        }
        Secret secret = expected.secret()
                .orElseThrow(() -> wrongKey("it is encrypted; give .encryption(Encryption.passphrase(..))"));
        KeyBundle bundle = KeySlotStore.open(storage, id, secret)
                .orElseThrow(() -> wrongKey("this " + secret + " opens none of its key slots"));
        RepositoryKeys keys = new SealedKeys(id, bundle, new SecureRandom());
        if (!proof(keys, parameters).equals(descriptor.string("proof"))) {
            throw new DamagedException(descriptor + " is damaged: its parameters are not those it was made with");
        }
        return repository(keys, parameters, Optional.of(bundle));
    }

    /** Shows that who has a key chose the parameters. */
    private static String proof(RepositoryKeys keys, Map<String, String> parameters) {
        return HexFormat.of().formatHex(keys.derive("descriptor " + new TreeMap<>(parameters), 16));
    }

    private BackupException wrongKey(String why) {
        return new BackupException.WrongKey("cannot open repository in " + storage.location() + ": " + why, null);
    }

    private Encryption encryption() {
        if (encryption == null) {
            throw new IllegalStateException("say how the repository is encrypted: "
                    + ".encryption(Encryption.passphrase(..)), or .encryption(Encryption.none()) if it is not");
        }
        return encryption;
    }

    private Repository make() throws IOException {
        Optional<Repository> faster = checkNoReplicaHasOne();
        if (faster.isPresent()) {
            return faster.get();
        }
        Optional<ObjectKey> stranger = stranger();
        for (int look = 0; stranger.isPresent(); look++) {
            // Another process may have made one since we looked, and use it already; some stores show what is only
            // coming to be.
            Optional<Repository> made = find();
            if (made.isPresent()) {
                return made.get();
            }
            if (look == LOOKS) {
                throw new BackupException.AlreadyExists(
                        storage.location() + " holds " + stranger.get() + " but no "
                                + RepositoryLayout.DESCRIPTOR
                                + ": either it is no place for a repository, or its descriptor was lost; choose an empty place");
            }
            pause();
            stranger = stranger();
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
        // Before the descriptor: a repository that is there can be opened.
        KeySlot slot = KeySlotStore.add(storage, id, "first", bundle, secret.get());
        if (putDescriptor(json.put("proof", proof(keys, parameters)))) {
            return repository(keys, parameters, Optional.of(bundle));
        }
        KeySlotStore.remove(storage, slot.id());
        return foundInstead();
    }

    /** What is there and is no part of a repository that somebody is making, or has died over. */
    private Optional<ObjectKey> stranger() throws IOException {
        List<ObjectKey> strangers = new ArrayList<>();
        storage.list("", object -> {
            ObjectKey key = object.key();
            if (strangers.isEmpty()
                    && !key.value().startsWith(RepositoryLayout.KEY_SLOTS)
                    && !key.equals(RepositoryLayout.DESCRIPTOR)) {
                strangers.add(key);
            }
        });
        return strangers.stream().findFirst();
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(PAUSE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        }
    }

    /** False if there is one. */
    private boolean putDescriptor(JsonObject descriptor) throws IOException {
        try {
            storage.put(
                    RepositoryLayout.DESCRIPTOR, Content.of(SealedDocument.seal(descriptor)), PutCondition.IF_ABSENT);
            return true;
        } catch (PreconditionFailedException e) {
            return false;
        }
    }

    /** Another process was faster; its repository is as good. */
    private Repository foundInstead() throws IOException {
        return find().orElseThrow(() -> new IOException(
                RepositoryLayout.DESCRIPTOR + " in " + storage.location() + " was removed as soon as it was there"));
    }

    private ArchiveFormat format() {
        ArchiveFormat chosen = format == null ? ChunkedFormat.create() : format;
        if (!encryption().isNone() && !chosen.encrypts()) {
            throw new IllegalStateException(
                    "format '" + chosen.id() + "' does not encrypt; use ChunkedFormat, or Encryption.none()");
        }
        return chosen;
    }

    private Repository repository(RepositoryKeys keys, Map<String, String> parameters, Optional<KeyBundle> bundle) {
        OpenRepository opened = new OpenRepository(storage, replicated, cache, formats(), clock, keys, parameters);
        return new Repository(opened, bundle);
    }

    /** All formats, the one that writes first; it takes the place of the built-in one of its kind. */
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
