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
import dev.lifeboat.internal.io.HeapBudget;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.maintenance.PendingDeletions;
import dev.lifeboat.internal.maintenance.Quarantine;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.ChunkReader;
import dev.lifeboat.internal.pack.Directory;
import dev.lifeboat.internal.pack.PackFile;
import dev.lifeboat.internal.pack.PackInfo;
import dev.lifeboat.internal.pack.PackScan;
import dev.lifeboat.internal.pack.PackWriter;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies intact chunks out of damaged packs, quarantines these packs, and rewrites the index. A damaged pack is moved
 * in the way a prune removes a pack, under a record of this repair and only while no backup is running, since a backup
 * may refer to intact chunks in it: docs/FORMAT.md, sections 12 and 13. No new snapshot refers to a pack in a record,
 * so the next backup stores again what was lost.
 */
final class ChunkedRepairer {
    private static final Logger log = LoggerFactory.getLogger(ChunkedRepairer.class);

    private final PruneContext repair;
    private final FormatContext context;
    private final StorageTarget storage;
    private final ChunkIndex index = ChunkIndex.fresh();
    private final ChunkReader reader;
    /** The intact chunks of the packs to move, by pack id. */
    private final Map<String, List<ChunkName>> whole = new TreeMap<>();

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
                .filter(key -> key.toString().startsWith(RepositoryLayout.PACKS))
                .forEach(key -> bad.put(key.lastSegment(), key));
        List<ObjectKey> badIndexes = listing.damaged().keySet().stream()
                .filter(key -> key.toString().startsWith(RepositoryLayout.INDEX))
                .toList();
        long saved = bad.isEmpty() ? 0 : save(storage, bad);
        Map<ObjectKey, ObjectKey> quarantined = new TreeMap<>();
        if (!bad.isEmpty()) {
            quarantined.putAll(leave(bad));
        }
        if (!bad.isEmpty() || !badIndexes.isEmpty()) {
            quarantined.putAll(Quarantine.move(storage, badIndexes));
            writeIndex();
        }
        List<ObjectKey> postponed = new ArrayList<>();
        for (ObjectKey key : bad.values()) {
            if (!quarantined.containsKey(key) && storage.find(key).isPresent()) {
                postponed.add(key);
            }
        }
        return new Repaired(List.copyOf(quarantined.values()), postponed, saved);
    }

    /**
     * Copies chunks that are intact in packs of another store, and in no pack here, into new packs. They do not get the
     * names of the old packs: those may be pending deletions of a prune that is suspended.
     */
    long salvage(StorageTarget from, List<ObjectKey> objects) throws IOException {
        index.refresh(context);
        SortedMap<String, ObjectKey> packs = new TreeMap<>();
        objects.stream()
                .filter(key -> key.value().startsWith(RepositoryLayout.PACKS))
                .forEach(key -> packs.put(key.lastSegment(), key));
        return packs.isEmpty() ? 0 : save(from, packs);
    }

    /**
     * Copies chunks that are intact in damaged packs, and in no other pack, into new ones. Packs of a newer release are
     * skipped.
     */
    private long save(StorageTarget from, SortedMap<String, ObjectKey> bad) throws IOException {
        PackIds ids = PackIds.of(bad.keySet());
        NameSet copied = new NameSet();
        long saved = 0;
        PackWriter writer = new PackWriter(context, repair.name(), HeapBudget.packBytes(), List.of());
        boolean done = false;
        try {
            for (ObjectKey key : List.copyOf(bad.values())) {
                byte[] pack = read(from, key);
                if (isNewer(key, pack)) {
                    bad.remove(key.lastSegment());
                    continue;
                }
                Optional<PackInfo> info = info(key, pack);
                List<ChunkName> names = new ArrayList<>();
                for (PackScan.Found chunk : info.isEmpty() ? List.<PackScan.Found>of() : PackScan.chunks(pack)) {
                    boolean stays = index.findGood(chunk.name(), (high, low) -> !ids.contains(high, low))
                            .isPresent();
                    boolean takes = stays
                            || copied.contains(chunk.name())
                            || isWhole(info.get(), pack, chunk) && copy(info.get(), pack, chunk, writer);
                    if (takes) {
                        names.add(chunk.name());
                        saved += !stays && copied.add(chunk.name()) ? 1 : 0;
                    }
                }
                whole.put(key.lastSegment(), names);
            }
            List<Directory> directories = writer.flush();
            done = true;
            IndexFile.put(context, directories);
            return saved;
        } finally {
            if (!done) {
                writer.abort();
            }
        }
    }

    private static byte[] read(StorageTarget from, ObjectKey key) throws IOException {
        try (InputStream in = from.open(key, ByteRange.all())) {
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
            log.warn("pack of a newer release skipped [key={}, cause={}]", key, e.getMessage());
            return true;
        }
    }

    /** Returns the pack with its keys, from its index entry or else from its head. */
    private Optional<PackInfo> info(ObjectKey key, byte[] pack) {
        Optional<PackInfo> known = index.known(key.lastSegment());
        return known.isPresent()
                ? known
                : PackScan.head(pack).filter(info -> info.key().equals(key));
    }

    /** Copies a chunk. Returns false if the pack lacks the key that the chunk names. */
    private static boolean copy(PackInfo info, byte[] pack, PackScan.Found chunk, PackWriter writer)
            throws IOException {
        try {
            writer.copy(info, chunk.name(), Arrays.copyOfRange(pack, chunk.offset(), chunk.offset() + chunk.length()));
            return true;
        } catch (DamagedException e) {
            log.debug("cannot copy chunk", e);
            return false;
        }
    }

    private boolean isWhole(PackInfo info, byte[] pack, PackScan.Found chunk) throws IOException {
        try {
            reader.checkAll(info, pack, chunk.offset(), chunk.name());
            return true;
        } catch (DamagedException e) {
            return false;
        }
    }

    /**
     * Moves packs by the protocol of a prune: record, other records, sessions, listing, and only then what is no longer
     * needed. Returns what was moved, and its new keys.
     */
    private Map<ObjectKey, ObjectKey> leave(SortedMap<String, ObjectKey> bad) throws IOException {
        SortedMap<String, SortedSet<String>> records;
        SortedSet<String> ready;
        SortedSet<String> open = new TreeSet<>();
        try {
            // First of all: no removal is safe while a record cannot be read.
            PendingDeletions.records(context, PendingDeletions.PACKS);
            PendingDeletions.put(context, repair.name(), PendingDeletions.PACKS, bad.keySet());
            records = PendingDeletions.records(context, PendingDeletions.PACKS);
            records.remove(repair.name());
            repair.openSessions().forEach(session -> open.add(session.archive()));
            ready = open.isEmpty()
                    ? new TreeSet<>(bad.keySet())
                    : PendingDeletions.ready(context, bad.keySet(), records, open);
        } catch (DamagedException e) {
            log.warn("damaged packs not quarantined [cause={}]", e.getMessage());
            return Map.of();
        }
        index.refresh(context);
        SortedSet<String> inDoubt = new TreeSet<>(bad.keySet());
        records.values().forEach(inDoubt::addAll);
        PackIds doubtful = PackIds.of(inDoubt);
        // If another prune is about to remove the packs that this relies on, the next repair completes the move.
        ready.removeIf(id -> whole.getOrDefault(id, List.of()).stream()
                .anyMatch(name -> index.findGood(name, (high, low) -> !doubtful.contains(high, low))
                        .isEmpty()));
        Map<ObjectKey, ObjectKey> moved =
                Quarantine.move(storage, ready.stream().map(PackInfo::key).toList());
        if (open.isEmpty() && moved.size() == bad.size()) {
            PendingDeletions.drop(storage, repair.name());
        } else {
            PendingDeletions.leave(context, repair.name(), open);
        }
        return moved;
    }

    /**
     * Rewrites the index from the directories of the packs. Index objects that others put in the meantime stay, and
     * those of newer releases, too.
     */
    private void writeIndex() throws IOException {
        List<ObjectKey> old = new ArrayList<>();
        Collection<ObjectInfo> objects = new ArrayList<>();
        storage.list(RepositoryLayout.INDEX, objects::add);
        for (ObjectInfo object : objects) {
            try {
                IndexFile.read(storage, context.keys(), object.key());
                old.add(object.key());
            } catch (FileNotFoundException | UnsupportedVersionException | DamagedException e) {
                log.warn("unreadable index object skipped [key={}, cause={}]", object.key(), e.getMessage());
            }
        }
        List<ObjectInfo> packs = new ArrayList<>();
        storage.list(RepositoryLayout.PACKS, packs::add);
        List<Directory> batch = new ArrayList<>();
        long bytes = 0;
        for (ObjectInfo pack : packs) {
            try {
                Directory directory = PackFile.readDirectory(storage, context.keys(), pack.key(), pack.length());
                batch.add(directory);
                bytes += directory.byteCount();
            } catch (FileNotFoundException | DamagedException e) {
                log.warn("cannot add pack to the new index [key={}, cause={}]", pack.key(), e.getMessage());
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
