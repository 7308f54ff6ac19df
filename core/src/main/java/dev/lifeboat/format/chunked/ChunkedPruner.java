package dev.lifeboat.format.chunked;

import dev.lifeboat.format.ArchiveFormat.Pruned;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.PruneContext;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.ChunkIndex.Place;
import dev.lifeboat.internal.index.IndexFile;
import dev.lifeboat.internal.index.PackIds;
import dev.lifeboat.internal.io.HeapBudget;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.maintenance.PendingDeletions;
import dev.lifeboat.internal.pack.ChunkHeader;
import dev.lifeboat.internal.pack.ChunkReader;
import dev.lifeboat.internal.pack.Directory;
import dev.lifeboat.internal.pack.PackInfo;
import dev.lifeboat.internal.pack.PackWriter;
import dev.lifeboat.storage.LockedException;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes packs that no snapshot needs, and repacks what is still needed of packs that are mostly unused, while others
 * write and prune: docs/FORMAT.md, section 12, and the model in its tests. Acts only under its own record, and never on
 * packs that a session which may not have seen the record could refer to.
 */
final class ChunkedPruner {
    private static final Logger log = LoggerFactory.getLogger(ChunkedPruner.class);
    /** A pack of which a smaller share is needed is repacked. */
    private static final double MIN_USE = 0.5;
    /** Packs smaller than this are merged once there are this many of them. */
    private static final long SMALL_BYTES = 4 << 20;

    private static final int MANY_SMALL = 32;
    /** The maximum read of one request from a pack to repack. */
    private static final int READ_BYTES = 4 << 20;

    private final PruneContext prune;
    private final FormatContext context;
    private final StorageTarget storage;
    private final ChunkIndex index = ChunkIndex.fresh();
    private final Marking marking;

    ChunkedPruner(PruneContext prune) {
        this.prune = prune;
        this.context = prune.format();
        this.storage = context.storage();
        this.marking = new Marking(context, index);
    }

    private Optional<Instant> lockedUntil = Optional.empty();

    Pruned prune() throws IOException {
        Map<String, SortedSet<String>> records = PendingDeletions.records(context, PendingDeletions.PACKS);
        Set<String> pending = union(records.values());
        Collection<PruneContext.OpenSession> open = prune.openSessions();
        ChunkIndex.Listing packs = index.refresh(context);
        mark();
        LiveChunks uses = marking.use(PackIds.of(pending));
        SortedSet<Integer> unused = new TreeSet<>();
        List<Integer> worn = new ArrayList<>();
        choose(packs, open, pending, uses, unused, worn);
        if (prune.dryRun()) {
            return planned(packs, uses, unused, worn);
        }
        long added = 0;
        if (!worn.isEmpty()) {
            added = repack(worn, uses, unused);
        }
        Set<String> going = unused.stream().map(n -> index.pack(n).id()).collect(Collectors.toCollection(TreeSet::new));
        long removed = 0;
        int objects = 0;
        if (!going.isEmpty()) {
            List<PackInfo> gone = remove(going);
            objects = gone.size();
            removed = gone.stream().mapToLong(pack -> packs.length(pack.id())).sum();
        }
        dropOldRecords(records);
        IndexCompaction.run(context);
        keepTheRest(unused);
        return new Pruned(objects, Math.max(0, removed - added), lockedUntil);
    }

    private void mark() throws IOException {
        for (ArchiveRoot root : prune.quarantinedRoots()) {
            try {
                marking.mark(root);
            } catch (DamagedException e) {
                throw new DamagedException(
                        e.getMessage()
                                + "; nothing was removed, since what a quarantined snapshot needs is unknown."
                                + " Prune with dropQuarantined() if it is no longer needed",
                        e);
            }
        }
        for (ArchiveRoot root : prune.roots()) {
            try {
                marking.mark(root);
            } catch (DamagedException e) {
                // The snapshot still exists, so it was not pruned by another process: what it needs is unknown.
                if (prune.roots().contains(root)) {
                    throw new DamagedException(e.getMessage() + "; nothing was removed. Run repair", e);
                }
            }
        }
    }

    /** Chooses unused packs and packs to repack. Packs of open sessions are skipped: no snapshot needs them yet. */
    private void choose(
            ChunkIndex.Listing packs,
            Collection<PruneContext.OpenSession> open,
            Set<String> pending,
            LiveChunks uses,
            Set<Integer> unused,
            List<Integer> worn) {
        Set<String> writing =
                open.stream().map(s -> PackWriter.mark(s.archive())).collect(Collectors.toCollection(HashSet::new));
        List<Integer> small = new ArrayList<>();
        for (int i = 0; i < index.packCount(); i++) {
            String id = index.pack(i).id();
            // A pack that did not exist when the sessions were listed may belong to one that has committed since.
            if (index.isGone(i) || packs.length(id) == 0 || writing.contains(PackWriter.markOf(id))) {
                continue;
            }
            long used = uses.bytes(i);
            long length = packs.length(id);
            if (used == 0) {
                unused.add(i);
            } else if (used < chunkBytes(i) * MIN_USE || pending.contains(id)) {
                worn.add(i);
            } else if (length < SMALL_BYTES) {
                small.add(i);
            }
        }
        if (small.size() >= MANY_SMALL) {
            worn.addAll(small);
        }
    }

    /**
     * Returns the bytes of all chunks of a pack. The rest of a pack with one small chunk is more than half of it, and
     * such a pack must not be repacked forever.
     */
    private long chunkBytes(int pack) {
        long bytes = 0;
        for (int entry = index.firstOf(pack); entry < index.endOf(pack); entry++) {
            bytes += ChunkHeader.BYTES + index.entry(entry).storedLength();
        }
        return bytes;
    }

    private Pruned planned(ChunkIndex.Listing packs, LiveChunks uses, Set<Integer> unused, List<Integer> worn) {
        long bytes = 0;
        for (int number : unused) {
            bytes += packs.length(index.pack(number).id());
        }
        for (int number : worn) {
            bytes += packs.length(index.pack(number).id()) - uses.bytes(number);
        }
        return new Pruned(unused.size() + worn.size(), Math.max(0, bytes));
    }

    /**
     * Copies what is needed of the chosen packs, still sealed, and writes the index. These packs are then unused.
     *
     * @return bytes written
     */
    private long repack(List<Integer> worn, LiveChunks uses, Set<Integer> unused) throws IOException {
        ChunkReader packs = new ChunkReader(context.storage(), context.keys());
        PackWriter writer = new PackWriter(context, prune.name(), HeapBudget.packBytes(), List.of());
        boolean done = false;
        try {
            List<Integer> copied = new ArrayList<>();
            for (int number : worn) {
                if (!prune.hasTime()) {
                    break;
                }
                if (copy(number, uses, packs, writer)) {
                    copied.add(number);
                }
            }
            List<Directory> directories = writer.flush();
            done = true;
            IndexFile.put(context, directories);
            index.refresh(context);
            unused.addAll(copied);
            return writer.bytesStored();
        } finally {
            if (!done) {
                writer.abort();
            }
        }
    }

    /**
     * Copies what is needed of a pack. Returns false if the pack stays as it is: another prune has removed it and has
     * copied what is needed of it, or it is damaged, which verify reports.
     */
    private boolean copy(int pack, LiveChunks uses, ChunkReader reader, PackWriter writer) throws IOException {
        for (int first = uses.next(pack, 0); first >= 0; ) {
            Io.checkInterrupt();
            int last = uses.together(pack, first, READ_BYTES);
            Place place = index.entry(first);
            byte[] bytes;
            try {
                bytes = reader.fetch(place.pack(), place.offset(), uses.end(last) - place.offset());
            } catch (FileNotFoundException e) {
                index.forget(place.pack());
                return false;
            }
            for (int entry = first; entry >= 0 && entry <= last; entry = uses.next(pack, entry + 1)) {
                int at = index.entry(entry).offset() - place.offset();
                int end = uses.end(entry) - place.offset();
                if (!copy(
                        entry,
                        Arrays.copyOfRange(bytes, Math.min(at, bytes.length), Math.min(end, bytes.length)),
                        writer)) {
                    return false;
                }
            }
            first = uses.next(pack, last + 1);
        }
        return true;
    }

    /** Copies a chunk. Returns false if it is damaged. */
    private boolean copy(int entry, byte[] bytes, PackWriter writer) throws IOException {
        PackInfo pack = index.entry(entry).pack();
        try {
            writer.copy(pack, index.name(entry), bytes);
            return true;
        } catch (DamagedException e) {
            log.warn("damaged pack not repacked; run verify [key={}, cause={}]", pack.key(), e.getMessage());
            index.suspect(entry);
            return false;
        }
    }

    /** Removes packs that are still unused and that no session can come to need. Returns the removed packs. */
    private List<PackInfo> remove(Set<String> going) throws IOException {
        PendingDeletions.put(context, prune.name(), PendingDeletions.PACKS, going);
        // From here on no new session refers to these packs. The sessions listed next began before, and may.
        Map<String, SortedSet<String>> records = PendingDeletions.records(context, PendingDeletions.PACKS);
        records.remove(prune.name());
        Set<String> open = openSessions();
        Set<String> ready =
                open.isEmpty() ? new TreeSet<>(going) : PendingDeletions.ready(context, going, records, open);
        index.refresh(context);
        marking.again();
        mark();
        Set<String> inDoubt = union(records.values());
        inDoubt.addAll(going);
        SortedSet<Integer> candidates = new TreeSet<>();
        for (int i = 0; i < index.packCount(); i++) {
            if (!index.isGone(i) && ready.contains(index.pack(i).id())) {
                candidates.add(i);
            }
        }
        List<PackInfo> dead = marking.elsewhere(candidates, PackIds.of(inDoubt), this::isOurs).stream()
                .map(index::pack)
                .toList();
        dead = delete(dead);
        dead.forEach(index::forget);
        if (open.isEmpty()) {
            PendingDeletions.drop(storage, prune.name());
        } else {
            PendingDeletions.leave(context, prune.name(), open);
        }
        return dead;
    }

    /** Deletes packs. Returns those that are gone. */
    private List<PackInfo> delete(List<PackInfo> dead) throws IOException {
        try {
            storage.delete(dead.stream().map(PackInfo::key).toList());
            return dead;
        } catch (LockedException e) {
            lockedUntil = Optional.of(e.until());
            return dead.stream().filter(pack -> !e.keys().contains(pack.key())).toList();
        }
    }

    /** Extends the locks of the remaining packs, in a store that locks new objects for some time. */
    private void keepTheRest(Set<Integer> unused) throws IOException {
        List<ObjectKey> rest = new ArrayList<>();
        for (int i = 0; i < index.packCount(); i++) {
            if (!index.isGone(i) && !unused.contains(i)) {
                rest.add(index.pack(i).key());
            }
        }
        storage.keep(rest);
    }

    private boolean isOurs(PackInfo pack) {
        return PackWriter.markOf(pack.id()).equals(PackWriter.mark(prune.name()));
    }

    private Set<String> openSessions() throws IOException {
        return prune.openSessions().stream()
                .map(PruneContext.OpenSession::archive)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /**
     * Removes records whose packs are all gone. Completed records of prunes are kept until then, although those prunes
     * no longer act on them: a reader that has listed the records must still find each one while another prune relies
     * on it.
     */
    private void dropOldRecords(Map<String, SortedSet<String>> records) throws IOException {
        Set<String> present = ids();
        List<String> done = new ArrayList<>();
        for (Map.Entry<String, SortedSet<String>> record : records.entrySet()) {
            if (record.getValue().stream().noneMatch(present::contains)) {
                done.add(record.getKey());
            }
        }
        PendingDeletions.dropAll(storage, done);
    }

    /** Returns the ids of the packs that exist. */
    private Set<String> ids() {
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < index.packCount(); i++) {
            if (!index.isGone(i)) {
                ids.add(index.pack(i).id());
            }
        }
        return ids;
    }

    private static Set<String> union(Collection<? extends Set<String>> sets) {
        Set<String> all = new TreeSet<>();
        sets.forEach(all::addAll);
        return all;
    }
}
