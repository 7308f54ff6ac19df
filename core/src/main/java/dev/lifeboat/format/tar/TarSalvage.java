package dev.lifeboat.format.tar;

import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.PruneContext;
import dev.lifeboat.internal.io.StoredContent;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Recovers lost objects of archives from a copy of the repository, under the same names. This is safe, since no other
 * objects can have these names, and a prune does not list an archive as pending deletion while a snapshot needs it.
 */
final class TarSalvage {
    private static final Logger log = LoggerFactory.getLogger(TarSalvage.class);
    private static final String MANIFEST = ".json";

    private final PruneContext context;
    private final StorageTarget storage;
    private final StorageTarget copy;

    TarSalvage(PruneContext context, StorageTarget copy) {
        this.context = context;
        this.storage = context.format().storage();
        this.copy = copy;
    }

    long take(List<ObjectKey> objects) throws IOException {
        Set<String> needed = needed();
        // Manifests are copied last: an archive without a manifest does not exist.
        List<ObjectKey> lost = objects.stream()
                .filter(key -> needed.stream()
                        .anyMatch(name -> key.value().startsWith(RepositoryLayout.ARCHIVES + name + ".")))
                .sorted(Comparator.comparing((ObjectKey key) -> key.value().endsWith(MANIFEST))
                        .thenComparing(key -> key))
                .toList();
        long taken = 0;
        for (ObjectKey key : lost) {
            taken += take(key) ? 1 : 0;
        }
        return taken;
    }

    private Set<String> needed() throws IOException {
        Set<String> needed = new TreeSet<>();
        for (ArchiveRoot root : context.roots()) {
            Optional<TarManifest> manifest = TarManifest.find(storage, root);
            if (manifest.isEmpty()) {
                manifest = TarManifest.find(copy, root);
            }
            manifest.ifPresent(m -> needed.addAll(m.needs()));
        }
        return needed;
    }

    private boolean take(ObjectKey key) throws IOException {
        Optional<ObjectInfo> object = copy.find(key);
        try {
            if (object.isPresent() && TarManifest.isWhole(copy, key)) {
                storage.put(key, new StoredContent(copy, object.get()), PutCondition.IF_ABSENT);
                return true;
            }
        } catch (DamagedException | PreconditionFailedException e) {
            log.debug("object not recovered", e);
        }
        return false;
    }
}
