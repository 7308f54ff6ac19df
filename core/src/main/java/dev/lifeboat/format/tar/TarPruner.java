package dev.lifeboat.format.tar;

import dev.lifeboat.format.ArchiveFormat.Pruned;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.PruneContext;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.maintenance.PendingDeletions;
import dev.lifeboat.storage.LockedException;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Removes archives that are no longer needed, while other processes write: docs/FORMAT.md, section 6. A writer puts its
 * session, then reads the pending deletions. A prune puts its pending deletions, then lists the sessions. So at least
 * one of the two sees the other.
 */
final class TarPruner {

    private final PruneContext context;
    private final StorageTarget storage;

    TarPruner(PruneContext context) {
        this.context = context;
        this.storage = context.format().storage();
    }

    Pruned prune() throws IOException {
        Map<String, List<ObjectInfo>> archives = new TreeMap<>();
        storage.list(
                RepositoryLayout.ARCHIVES,
                object -> archives.computeIfAbsent(name(object.key()), n -> new ArrayList<>())
                        .add(object));
        Set<String> dead = new TreeSet<>(archives.keySet());
        dead.removeAll(needed());
        if (!context.dryRun()) {
            storage.keep(archives.entrySet().stream()
                    .filter(archive -> !dead.contains(archive.getKey()))
                    .flatMap(archive -> archive.getValue().stream().map(ObjectInfo::key))
                    .toList());
        }
        if (dead.isEmpty()) {
            return new Pruned(0, 0);
        }
        Optional<Instant> lockedUntil = Optional.empty();
        if (!context.dryRun()) {
            PendingDeletions.put(context.format(), context.name(), PendingDeletions.ARCHIVES, dead);
            dead.removeAll(needed());
        }
        List<ObjectKey> keys = new ArrayList<>();
        long bytes = 0;
        for (String name : dead) {
            for (ObjectInfo object : archives.getOrDefault(name, List.of())) {
                keys.add(object.key());
                bytes += object.length();
            }
        }
        if (!context.dryRun()) {
            try {
                storage.delete(keys);
            } catch (LockedException e) {
                lockedUntil = Optional.of(e.until());
                keys.removeAll(e.keys());
                bytes = 0;
                for (String name : dead) {
                    for (ObjectInfo object : archives.getOrDefault(name, List.of())) {
                        bytes += e.keys().contains(object.key()) ? 0 : object.length();
                    }
                }
            }
            PendingDeletions.drop(storage, context.name());
        }
        return new Pruned(keys.size(), bytes, lockedUntil);
    }

    /**
     * Returns the archives that are needed. Sessions are listed first: one that commits later is found among the
     * snapshots.
     */
    private Set<String> needed() throws IOException {
        Set<String> needed = new TreeSet<>();
        for (PruneContext.OpenSession session : context.openSessions()) {
            needed.add(session.archive());
            // If the parent is already removed, the session detects this and has no parent.
            if (session.parent().isPresent() && session.parent().get().format().equals(TarFormat.ID)) {
                TarManifest.find(storage, session.parent().get()).ifPresent(m -> needed.addAll(m.needs()));
            }
        }
        for (ArchiveRoot root : context.quarantinedRoots()) {
            Optional<TarManifest> manifest = TarManifest.find(storage, root);
            if (manifest.isEmpty()) {
                throw new DamagedException("object " + TarManifest.key(root.reference()) + " is missing in "
                        + storage.location() + "; nothing was removed, since what a quarantined snapshot needs is"
                        + " not known. Prune with dropQuarantined() if the snapshot is no longer needed");
            }
            needed.addAll(manifest.get().needs());
        }
        for (ArchiveRoot root : context.roots()) {
            Optional<TarManifest> manifest = TarManifest.find(storage, root);
            if (manifest.isPresent()) {
                needed.addAll(manifest.get().needs());
            } else if (context.roots().contains(root)) {
                // The snapshot still exists, so no other prune has removed it: what it needs is not known.
                throw new DamagedException("object " + TarManifest.key(root.reference()) + " is missing in "
                        + storage.location() + "; nothing was removed. Run repair");
            }
        }
        return needed;
    }

    private static String name(ObjectKey key) {
        String last = key.lastSegment();
        int dot = last.indexOf('.');
        return dot < 0 ? last : last.substring(0, dot);
    }
}
