package dev.lifeboat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.format.tar.TarFormat;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Clock;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Describes a repository; then opens it, once. Not thread-safe. */
public final class RepositoryBuilder {
    private final StorageTarget storage;
    private @Nullable ArchiveFormat format;
    private @Nullable Encryption encryption;
    private Clock clock = Clock.systemUTC();

    RepositoryBuilder(StorageTarget storage) {
        this.storage = new StorageGate(storage);
    }

    /**
     * Says how new snapshots are written; {@link TarFormat#create} unless set. Old ones are read in whatever format they are.
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

    @CanIgnoreReturnValue
    RepositoryBuilder clock(Clock newClock) {
        clock = newClock;
        return this;
    }

    /**
     * Opens the repository that is there.
     *
     * @throws BackupException.NotFound if there is none
     * @throws BackupException.UnsupportedFormat if a later version made it
     * @throws BackupException.Corrupt if its descriptor is damaged
     * @throws BackupException.StorageFailed if the store fails
     */
    public Repository open() {
        return guarded(
                "open",
                () -> find().orElseThrow(() -> new BackupException.NotFound("no repository in "
                        + storage.location() + ": there is no object " + RepositoryObjects.DESCRIPTOR
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

    @FunctionalInterface
    private interface Opening {
        Repository run() throws IOException;
    }

    private Repository guarded(String verb, Opening opening) {
        if (encryption == null) {
            throw new IllegalStateException(
                    "say how the repository is encrypted: .encryption(Encryption.none()) if it is not");
        }
        String message = "cannot " + verb + " repository in " + storage.location() + ": ";
        try {
            return opening.run();
        } catch (InterruptedIOException | ClosedByInterruptException e) {
            Thread.currentThread().interrupt();
            throw new BackupException.Cancelled(message + "cancelled", e);
        } catch (UnsupportedVersionException e) {
            throw new BackupException.UnsupportedFormat(message + e.getMessage(), e);
        } catch (DamagedException e) {
            throw new BackupException.Corrupt(message + e.getMessage(), e);
        } catch (IOException e) {
            throw new BackupException.StorageFailed(message + e.getMessage(), e);
        }
    }

    private Optional<Repository> find() throws IOException {
        JsonObject json;
        try {
            json = SealedDocument.read(
                    storage, RepositoryObjects.DESCRIPTOR, RepositoryObjects.REPOSITORY, RepositoryObjects.VERSION);
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
        String actual = json.string("encryption");
        if (!actual.equals(Encryption.none().id())) {
            throw new UnsupportedVersionException("it is encrypted by '" + actual
                    + "', which this library does not know; use a newer release of Lifeboat");
        }
        return Optional.of(repository());
    }

    private Repository make() throws IOException {
        storage.list("", object -> {
            ObjectKey key = object.key();
            if (!key.equals(RepositoryObjects.DESCRIPTOR)) {
                throw new BackupException.AlreadyExists(
                        storage.location() + " holds " + key + " but no "
                                + RepositoryObjects.DESCRIPTOR
                                + ": either it is no place for a repository, or its descriptor was lost; choose an empty place");
            }
        });
        byte[] descriptor =
                SealedDocument.seal(SealedDocument.start(RepositoryObjects.REPOSITORY, RepositoryObjects.VERSION)
                        .put("id", Repository.randomId())
                        .put("created", clock.instant().toString())
                        .put("encryption", Encryption.none().id()));
        try {
            storage.put(RepositoryObjects.DESCRIPTOR, Content.of(descriptor), PutCondition.IF_ABSENT);
        } catch (PreconditionFailedException e) {
            // Another process was faster; its repository is as good.
            return find().orElseThrow(() -> e);
        }
        return repository();
    }

    private Repository repository() {
        return new Repository(storage, format == null ? TarFormat.create() : format, clock);
    }
}
