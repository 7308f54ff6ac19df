package dev.lifeboat.kubernetes.internal.velero;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.storage.ObjectKey;
import java.util.Optional;

/**
 * Where Velero keeps things in its object store, as its release 1.16 does: format version 1.1.0,
 * <a href="https://velero.io/docs/main/output-file-format/">output file format</a>.
 */
public final class VeleroLayout {
    /** The prefix of all backups. */
    public static final String BACKUPS = "backups/";

    /** The member of the tar that holds the version of the format. */
    public static final String VERSION = "metadata/version";

    public static final String FORMAT = "1.1.0";

    private VeleroLayout() {}

    /** Whether a text can be the name of a backup: that of a resource, and of an object. */
    public static boolean isName(String name) {
        return name.matches("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?") && !name.contains("..");
    }

    /** Returns the key of the description of a backup: a backup is there if this is. */
    public static ObjectKey description(String backup) {
        return ObjectKey.of("backups", backup, "velero-backup.json");
    }

    /** Returns the key of an object of a backup, such as {@code .tar.gz} or {@code -results.gz}. */
    public static ObjectKey part(String backup, String suffix) {
        return ObjectKey.of("backups", backup, backup + suffix);
    }

    /** Returns the name of the backup whose description a key is. */
    public static Optional<String> backup(ObjectKey key) {
        String[] segments = key.value().split("/", -1);
        return segments.length == 3 && segments[2].equals("velero-backup.json")
                ? Optional.of(segments[1])
                : Optional.empty();
    }

    /** Returns the object whose JSON a member of the tar is; empty for others, and for further copies. */
    public static Optional<ObjectName> object(EntryPath member) {
        return ClusterLayout.object(ClusterLayout.KUBERNETES.resolve(member));
    }

    /** Returns the name of the member with an object. */
    public static EntryPath member(ObjectName object) {
        return object.path().relativeTo(ClusterLayout.KUBERNETES);
    }

    /** Returns the name of the member with the further copy of an object, which names its version. */
    public static EntryPath preferred(ObjectName object, String version) {
        EntryPath kind = EntryPath.of("resources/" + object.resource());
        return kind.resolve(version + "-preferredversion")
                .resolve(member(object).relativeTo(kind));
    }
}
