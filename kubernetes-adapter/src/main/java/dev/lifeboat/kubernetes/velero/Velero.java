package dev.lifeboat.kubernetes.velero;

import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.internal.velero.VeleroLayout;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * The backups that Velero keeps in an object store: the bucket and prefix of its backup storage location.
 *
 * <pre>{@code
 * try (Velero velero = Velero.at(storage)) {
 *     Snapshot imported = repo.backup(velero.backup("nightly-20261128")).run();
 *     repo.restore(snapshot).to(velero.newBackup("from-lifeboat", Duration.ofDays(30))).run();
 * }
 * }</pre>
 *
 * <p>Files of volumes that Velero has put into its kopia repository, or into snapshots of a storage system, are not
 * read, and none are written: an import names each volume that lacks them, and an export, too.
 *
 * <p>Velero declares a place unavailable that has other folders than its own: a Lifeboat repository needs another
 * prefix.
 *
 * <p>Thread-safe.
 */
public final class Velero implements AutoCloseable {
    private static final int MAX_DESCRIPTION_BYTES = 64 << 20;

    private final StorageTarget storage;

    private Velero(StorageTarget storage) {
        this.storage = storage;
    }

    /** Returns the backups in a store, which is closed with the result. */
    public static Velero at(StorageTarget storage) {
        return new Velero(storage);
    }

    /**
     * Lists all backups, in whatever phase they are, by name.
     *
     * @throws UncheckedIOException if the store fails, or a description cannot be read
     */
    public List<VeleroBackup> backups() {
        try {
            TreeSet<String> names = new TreeSet<>();
            storage.list(
                    VeleroLayout.BACKUPS,
                    object -> VeleroLayout.backup(object.key()).ifPresent(names::add));
            List<VeleroBackup> backups = new ArrayList<>();
            for (String name : names) {
                backups.add(describe(name));
            }
            backups.sort(Comparator.comparing(VeleroBackup::name));
            return backups;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot list backups of Velero in " + storage.location() + ": " + e.getMessage(), e);
        }
    }

    /**
     * Returns a backup as a source, to be imported as a snapshot, which is like one of a namespace. The name of its
     * series is {@code velero:} and that of the backup.
     *
     * @throws IllegalArgumentException if the name cannot be one of a backup
     */
    public SnapshotSource backup(String name) {
        return new VeleroImport(this, checked(name));
    }

    /**
     * Returns a restore target that writes a snapshot of a cluster as a new backup, which a Velero server finds, lists
     * and restores.
     *
     * @param name of the backup
     * @param keepFor after that, a Velero server deletes it
     * @throws IllegalArgumentException if the name cannot be one of a backup, or the duration is not positive
     */
    public RestoreTarget newBackup(String name, Duration keepFor) {
        if (keepFor.isZero() || keepFor.isNegative()) {
            throw new IllegalArgumentException("duration is not positive: " + keepFor);
        }
        return new VeleroExport(storage, checked(name), keepFor);
    }

    private static String checked(String name) {
        if (!VeleroLayout.isName(name)) {
            throw new IllegalArgumentException("'" + name + "' cannot be the name of a backup of Velero: 1 to 253"
                    + " characters of a-z, 0-9, - and ., the first and last a letter or digit");
        }
        return name;
    }

    VeleroBackup describe(String name) throws IOException {
        return VeleroBackup.of(name, description(name));
    }

    JsonObject description(String name) throws IOException {
        ObjectKey key = VeleroLayout.description(name);
        try (InputStream in = storage.open(key, ByteRange.all())) {
            byte[] bytes = in.readNBytes(MAX_DESCRIPTION_BYTES);
            return JsonObject.parse(bytes, "'" + key + "'");
        } catch (FileNotFoundException e) {
            throw new VeleroException(
                    VeleroException.Kind.NOT_FOUND,
                    "there is no backup " + name + " of Velero in " + storage.location(),
                    e);
        } catch (DamagedException e) {
            throw new VeleroException(VeleroException.Kind.DAMAGED, String.valueOf(e.getMessage()), e);
        }
    }

    StorageTarget storage() {
        return storage;
    }

    /**
     * Closes the store.
     *
     * @throws UncheckedIOException if that fails
     */
    @Override
    public void close() {
        try {
            storage.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return "Velero in " + storage.location();
    }
}
