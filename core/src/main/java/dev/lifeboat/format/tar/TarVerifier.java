package dev.lifeboat.format.tar;

import dev.lifeboat.format.ArchiveFormat.Verified;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.Damage;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.internal.frame.FrameCache;
import dev.lifeboat.internal.frame.FrameSource;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import java.io.IOException;
import java.io.InputStream;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Checks archives: that the objects exist and have the right length, that entry lists are intact, and, if requested,
 * that all content is intact. Each piece of content is read once, even if several snapshots contain it; damage is
 * reported for each of them.
 */
final class TarVerifier {
    private final FormatContext context;
    private final Consumer<Damage> damages;
    private final Map<String, Optional<TarManifest>> manifests = new HashMap<>();
    private final Map<Location, String> damaged = new HashMap<>();
    /**
     * Content that was already read: one bit for each block of 512 bytes at which content begins, by archive and range
     * of 512 MiB.
     */
    private final Map<String, BitSet> read = new HashMap<>();

    private final FrameCache cache;
    private long objects;
    private long bytes;

    TarVerifier(FormatContext context, Consumer<Damage> damages) {
        this.context = context;
        this.damages = damages;
        this.cache = new FrameCache(context.executor());
    }

    Verified verify(Iterable<ArchiveRoot> roots, boolean readData) throws IOException {
        for (ArchiveRoot root : roots) {
            verify(root, readData);
        }
        return new Verified(objects, bytes);
    }

    private void verify(ArchiveRoot root, boolean readData) throws IOException {
        String name;
        try {
            name = TarManifest.name(root);
        } catch (DamagedException e) {
            damages.accept(new Damage(root, Optional.empty(), Optional.empty(), e.getMessage()));
            return;
        }
        Optional<TarManifest> manifest = manifest(root, name);
        if (manifest.isEmpty()) {
            return;
        }
        for (String needed : manifest.get().needs()) {
            manifest(root, needed);
        }
        checkLength(root, manifest.get().entriesKey(), manifest.get().entries().length());
        try (EntryListReader entries = new EntryListReader(manifest.get(), context.storage(), cache)) {
            for (Optional<StoredEntry> next; (next = entries.nextStored()).isPresent(); ) {
                if (next.get().location().isPresent()) {
                    checkContent(root, next.get(), readData);
                }
            }
        } catch (DamagedException e) {
            damages.accept(
                    new Damage(root, Optional.of(manifest.get().entriesKey()), Optional.empty(), e.getMessage()));
        }
        bytes += manifest.get().entries().length();
    }

    /** Reads each manifest once. A damaged manifest is reported for each root that needs it. */
    private Optional<TarManifest> manifest(ArchiveRoot root, String name) throws IOException {
        Optional<TarManifest> known = manifests.get(name);
        if (known == null) {
            try {
                known = Optional.of(TarManifest.read(context.storage(), name));
                objects++;
            } catch (DamagedException e) {
                known = Optional.empty();
                damages.accept(new Damage(root, Optional.of(TarManifest.key(name)), Optional.empty(), e.getMessage()));
            }
            manifests.put(name, known);
        } else if (known.isEmpty()) {
            damages.accept(new Damage(
                    root,
                    Optional.of(TarManifest.key(name)),
                    Optional.empty(),
                    "the manifest of archive " + name + " is missing or damaged"));
        }
        if (known.isPresent()) {
            checkLength(root, known.get().tarKey(), known.get().tar().length());
        }
        return known;
    }

    private void checkLength(ArchiveRoot root, ObjectKey key, long expected) throws IOException {
        Optional<ObjectInfo> object = context.storage().find(key);
        objects++;
        if (object.isEmpty()) {
            damages.accept(new Damage(root, Optional.of(key), Optional.empty(), "the object is missing"));
        } else if (object.get().length() != expected) {
            damages.accept(new Damage(
                    root,
                    Optional.of(key),
                    Optional.empty(),
                    "the object has " + object.get().length() + " bytes, expected " + expected));
        }
    }

    private void checkContent(ArchiveRoot root, StoredEntry stored, boolean readData) throws IOException {
        Location at = stored.location().orElseThrow();
        Optional<TarManifest> owner = manifests.getOrDefault(at.archive(), Optional.empty());
        if (owner.isEmpty()) {
            damages.accept(new Damage(
                    root,
                    Optional.of(TarManifest.key(at.archive())),
                    Optional.of(stored.entry().path()),
                    "the archive that holds its content is missing or damaged"));
            return;
        }
        Optional<String> damage = at.offset() > owner.get().tar().frames().plainSize() - at.length()
                ? Optional.of("its content lies past the end of the archive")
                : readData ? content(at, owner.get()) : Optional.empty();
        damage.ifPresent(detail -> damages.accept(new Damage(
                root,
                Optional.of(owner.get().tarKey()),
                Optional.of(stored.entry().path()),
                detail)));
    }

    private Optional<String> content(Location at, TarManifest owner) throws IOException {
        BitSet stretch = read.computeIfAbsent(at.archive() + "/" + (at.offset() >> 29), k -> new BitSet());
        int block = (int) (at.offset() >> 9 & 0xFFFFF);
        // Empty content has the offset of the content that follows it.
        if (at.length() == 0 || !stretch.get(block)) {
            FrameSource source = owner.tarSource(context.storage());
            try (InputStream in = new VerifyingInputStream(
                    cache.open(source, at.offset(), at.length()), at.sha256(), "content at " + at.offset())) {
                bytes += Io.drain(in);
            } catch (DamagedException e) {
                damaged.put(at, String.valueOf(e.getMessage()));
            }
            stretch.set(block, at.length() > 0);
        }
        return Optional.ofNullable(damaged.get(at));
    }
}
