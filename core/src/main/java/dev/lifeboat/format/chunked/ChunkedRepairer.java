package dev.lifeboat.format.chunked;

import dev.lifeboat.format.ArchiveFormat.Depth;
import dev.lifeboat.format.ArchiveFormat.Repaired;
import dev.lifeboat.format.Damage;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.PruneContext;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.IndexFile;
import dev.lifeboat.internal.index.NameSet;
import dev.lifeboat.internal.index.PackIds;
import dev.lifeboat.internal.pack.ChunkReader;
import dev.lifeboat.internal.pack.Directory;
import dev.lifeboat.internal.pack.PackFile;
import dev.lifeboat.internal.pack.PackInfo;
import dev.lifeboat.internal.pack.PackScan;
import dev.lifeboat.internal.pack.PackWriter;
import dev.lifeboat.internal.prune.Condemned;
import dev.lifeboat.internal.repair.Apart;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what is whole out of damaged packs, sets these apart, and writes the index anew. A damaged pack leaves as a pack leaves that a prune wants gone,
 * under a record of this repair and only while no backup is under way, since a backup may have come to refer to what is whole in it: docs/FORMAT.md,
 * sections 12 and 13. As no new snapshot refers to what a record names, the next backup stores again what was lost.
 */
final class ChunkedRepairer {
    private static final Logger log = LoggerFactory.getLogger(ChunkedRepairer.class);
    private static final int PACK_BYTES = 16 << 20;

    private final PruneContext repair;
    private final FormatContext context;
    private final StorageTarget storage;
    private final ChunkIndex index = ChunkIndex.fresh();
    private final ChunkReader reader;
    /** What is whole in the packs that are to go. */
    private final NameSet whole = new NameSet();

    private final List<PackScan.Found> found = new ArrayList<>();

    ChunkedRepairer(PruneContext repair) {
        this.repair = repair;
        this.context = repair.format();
        this.storage = context.storage();
        this.reader = new ChunkReader(storage, context.keys());
    }

    Repaired repair() throws IOException {
        ChunkIndex.Listing listing = index.refresh(context);
        List<Damage> damages = new PackVerifier(context, index, reader)
                .verify(listing, Depth.allData())
                .damages();
        SortedMap<String, ObjectKey> bad = new TreeMap<>();
        damages.forEach(damage -> damage.object().ifPresent(key -> bad.put(key.lastSegment(), key)));
        listing.damaged().keySet().stream()
                .filter(key -> key.toString().startsWith(PackInfo.PREFIX))
                .forEach(key -> bad.put(key.lastSegment(), key));
        List<ObjectKey> badIndexes = listing.damaged().keySet().stream()
                .filter(key -> key.toString().startsWith(IndexFile.PREFIX))
                .toList();
        long saved = bad.isEmpty() ? 0 : save(bad);
        List<ObjectKey> apart = new ArrayList<>();
        if (!bad.isEmpty()) {
            apart.addAll(leave(bad));
        }
        if (!bad.isEmpty() || !badIndexes.isEmpty()) {
            apart.addAll(Apart.move(storage, badIndexes));
            writeIndex();
        }
        List<ObjectKey> postponed =
                bad.values().stream().filter(key -> !apart.contains(key)).toList();
        return new Repaired(List.copyOf(apart), postponed, saved);
    }

    /** Copies what is whole in damaged packs, and nowhere else, into new ones. Packs of a newer release are no business of ours. */
    private long save(SortedMap<String, ObjectKey> bad) throws IOException {
        PackIds ids = PackIds.of(bad.keySet());
        NameSet copied = new NameSet();
        long saved = 0;
        PackWriter writer = new PackWriter(context, repair.name(), PACK_BYTES, List.of());
        boolean done = false;
        try {
            for (ObjectKey key : List.copyOf(bad.values())) {
                byte[] pack = read(key);
                if (isNewer(key, pack)) {
                    bad.remove(key.lastSegment());
                    continue;
                }
                Optional<PackInfo> info = info(key, pack);
                for (PackScan.Found chunk : info.isEmpty() ? List.<PackScan.Found>of() : PackScan.chunks(pack)) {
                    if (isWhole(info.get(), pack, chunk)) {
                        whole.add(chunk.name());
                        found.add(chunk);
                        boolean stays = index.findGood(chunk.name(), (high, low) -> !ids.contains(high, low))
                                .isPresent();
                        if (!stays && copied.add(chunk.name())) {
                            byte[] bytes =
                                    java.util.Arrays.copyOfRange(pack, chunk.offset(), chunk.offset() + chunk.length());
                            writer.copy(info.get(), chunk.name(), bytes);
                            saved++;
                        }
                    }
                }
            }
            List<Directory> directories = writer.finish();
            done = true;
            IndexFile.put(context, directories);
            return saved;
        } finally {
            if (!done) {
                writer.abort();
            }
        }
    }

    private byte[] read(ObjectKey key) throws IOException {
        try (InputStream in = storage.open(key, ByteRange.all())) {
            return in.readNBytes(PackVerifier.MAX_PACK_BYTES);
        } catch (FileNotFoundException e) {
            return new byte[0];
        }
    }

    private boolean isNewer(ObjectKey key, byte[] pack) throws IOException {
        try {
            PackFile.checkVersion(pack, key + " in " + storage.location());
            return false;
        } catch (UnsupportedVersionException e) {
            log.warn("pack left alone [key={}, cause={}]", key, e.getMessage());
            return true;
        }
    }

    /** With its keys: from its own beginning, or from where the index has it from. */
    private Optional<PackInfo> info(ObjectKey key, byte[] pack) {
        Optional<PackInfo> known = index.known(key.lastSegment());
        return known.isPresent()
                ? known
                : PackScan.head(pack).filter(info -> info.key().equals(key));
    }

    private boolean isWhole(PackInfo info, byte[] pack, PackScan.Found chunk) throws IOException {
        try {
            reader.checkAll(info, pack, chunk.offset(), chunk.name());
            return true;
        } catch (DamagedException e) {
            return false;
        }
    }

    /** As a prune does it: record, other records, sessions, listing, and only then what is not needed any more. */
    private List<ObjectKey> leave(SortedMap<String, ObjectKey> bad) throws IOException {
        Condemned.put(context, repair.name(), "packs", bad.keySet());
        SortedMap<String, SortedSet<String>> records = Condemned.records(context, "packs");
        SortedSet<String> open = new TreeSet<>();
        repair.openSessions().forEach(session -> open.add(session.archive()));
        if (!open.isEmpty()) {
            Condemned.leave(context, repair.name(), open);
            return List.of();
        }
        index.refresh(context);
        SortedSet<String> inDoubt = new TreeSet<>();
        records.values().forEach(inDoubt::addAll);
        inDoubt.addAll(bad.keySet());
        PackIds doubtful = PackIds.of(inDoubt);
        for (PackScan.Found chunk : found) {
            if (index.findGood(chunk.name(), (high, low) -> !doubtful.contains(high, low))
                    .isEmpty()) {
                // Another prune is about to take away what we counted on; the next repair finds an end to that.
                Condemned.leave(context, repair.name(), open);
                return List.of();
            }
        }
        List<ObjectKey> moved = Apart.move(storage, List.copyOf(bad.values()));
        Condemned.drop(storage, repair.name());
        return moved;
    }

    /** From what the packs say themselves. Objects that others put meanwhile stay; those of newer releases, too. */
    private void writeIndex() throws IOException {
        List<ObjectKey> old = new ArrayList<>();
        Collection<ObjectInfo> objects = new ArrayList<>();
        storage.list(IndexFile.PREFIX, objects::add);
        for (ObjectInfo object : objects) {
            try {
                IndexFile.read(storage, context.keys(), object.key());
                old.add(object.key());
            } catch (FileNotFoundException | UnsupportedVersionException | DamagedException e) {
                log.warn("index object left alone [key={}, cause={}]", object.key(), e.getMessage());
            }
        }
        List<ObjectInfo> packs = new ArrayList<>();
        storage.list(PackInfo.PREFIX, packs::add);
        List<Directory> batch = new ArrayList<>();
        long bytes = 0;
        for (ObjectInfo pack : packs) {
            try {
                Directory directory = PackFile.readDirectory(storage, context.keys(), pack.key(), pack.length());
                batch.add(directory);
                bytes += directory.byteCount();
            } catch (FileNotFoundException | DamagedException e) {
                log.warn("pack not in the new index [key={}, cause={}]", pack.key(), e.getMessage());
            }
            if (bytes >= IndexFile.FULL_BYTES) {
                IndexFile.put(context, batch);
                batch.clear();
                bytes = 0;
            }
        }
        IndexFile.put(context, batch);
        storage.delete(old);
    }
}
