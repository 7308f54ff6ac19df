package dev.lifeboat.internal.index;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.Directory;
import dev.lifeboat.internal.pack.PackFile;
import dev.lifeboat.internal.pack.PackInfo;
import dev.lifeboat.storage.ObjectKey;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All known chunks of a repository and their places. Kept as long as the repository is open, and updated when an
 * operation begins. The listing of packs is authoritative, index objects are a hint: entries for a pack that no longer
 * exists are ignored, and for a pack without entries the directory of the pack itself is read. Thread-safe.
 */
public final class ChunkIndex {
    private static final Logger log = LoggerFactory.getLogger(ChunkIndex.class);

    private ChunkTable table;
    private PackTable packs;
    private final Set<ObjectKey> loaded = new HashSet<>();
    private final Map<ObjectKey, DamagedException> damaged = new LinkedHashMap<>();
    private final BitSet gone = new BitSet();
    /** Entries whose chunks were found damaged. */
    private final BitSet suspect = new BitSet();

    private final boolean shared;

    private ChunkIndex(boolean shared) {
        this.shared = shared;
        TableMemory memory = TableMemory.standard();
        this.table = new ChunkTable(memory);
        this.packs = new PackTable(memory);
    }

    /** Selects packs by the first and the last 8 bytes of their ids. */
    @FunctionalInterface
    public interface PackTest {
        /** Returns whether this pack is acceptable. */
        boolean test(long high, long low);
    }

    /** Returns an empty index for one operation. The numbers of its entries and packs do not change. */
    public static ChunkIndex fresh() {
        return new ChunkIndex(false);
    }

    /** Returns the shared index of a repository, as kept, without updating it. */
    public static ChunkIndex of(FormatContext context) {
        return context.memory().get(ChunkIndex.class, () -> new ChunkIndex(true));
    }

    /**
     * The place of a chunk.
     *
     * @param entry its number in this index
     */
    public record Place(int entry, PackInfo pack, int packNumber, int offset, int storedLength, int plainLength) {}

    /** The result of listing the packs. Not thread-safe while it is filled. */
    public static final class Listing {
        private final PackIds packs = new PackIds();
        private long[] lengths = new long[16];
        private final BitSet vanished = new BitSet();
        private final Map<ObjectKey, DamagedException> damaged = new LinkedHashMap<>();

        private void add(String id, long length) {
            int number = packs.add(id);
            if (number == lengths.length) {
                lengths = Arrays.copyOf(lengths, number * 2);
            }
            lengths[number] = length;
        }

        private void vanished(int number) {
            vanished.set(number);
        }

        /** Returns whether a pack exists, given the first and the last 8 bytes of its id. */
        public boolean has(long high, long low) {
            int number = packs.find(high, low);
            return number >= 0 && !vanished.get(number);
        }

        /** Returns the number of packs. */
        public int count() {
            return packs.size() - vanished.cardinality();
        }

        /** Returns the length of a pack; 0 if it does not exist. */
        public long length(String id) {
            int number = packs.find(id);
            return number < 0 || vanished.get(number) ? 0 : lengths[number];
        }

        /** Returns the index objects and packs that cannot be read. */
        public Map<ObjectKey, DamagedException> damaged() {
            return damaged;
        }
    }

    /**
     * Reads the index objects that are new. Enough for reading: what is then still missing, {@link #refresh} may find.
     */
    public synchronized void readNew(FormatContext context) throws IOException {
        for (int attempt = 0; ; attempt++) {
            Set<ObjectKey> there = new HashSet<>();
            context.storage().list(RepositoryLayout.INDEX, object -> there.add(object.key()));
            damaged.keySet().retainAll(there);
            boolean vanished = false;
            for (ObjectKey key : there) {
                if (!loaded.contains(key) && !damaged.containsKey(key)) {
                    try {
                        read(context, key);
                    } catch (FileNotFoundException e) {
                        // A prune has replaced it since it was listed.
                        vanished = true;
                    }
                }
            }
            loaded.retainAll(there);
            if (!vanished || attempt == 100) {
                return;
            }
        }
    }

    private void read(FormatContext context, ObjectKey key) throws IOException {
        List<Directory> directories;
        try {
            directories = IndexFile.read(context.storage(), context.keys(), key);
        } catch (DamagedException e) {
            log.warn("damaged index object ignored; run verify [key={}, cause={}]", key, e.getMessage());
            damaged.put(key, e);
            return;
        } catch (UnsupportedVersionException e) {
            // A hint that a newer release has left. The directories of its packs are read from the packs themselves.
            log.warn("unsupported index object ignored [key={}, cause={}]", key, e.getMessage());
            directories = List.of();
        }
        directories.forEach(this::add);
        loaded.add(key);
    }

    private void add(Directory directory) {
        int known = packs.ids().find(directory.pack().id());
        if (known < 0) {
            table.addAll(directory, packs.add(directory.pack(), table.size()));
        } else {
            gone.clear(known);
        }
    }

    /**
     * Lists the packs and updates the index to match.
     *
     * @return the packs that exist
     */
    public synchronized Listing refresh(FormatContext context) throws IOException {
        Listing there = list(context);
        dropIfMostlyGone(there);
        readNew(context);
        there.damaged.putAll(damaged);
        for (int i = 0; i < there.packs.size(); i++) {
            if (packs.ids().find(there.packs.high(i), there.packs.low(i)) < 0) {
                ObjectKey key = PackInfo.key(there.packs.id(i));
                try {
                    add(PackFile.readDirectory(context.storage(), context.keys(), key, there.lengths[i]));
                } catch (FileNotFoundException e) {
                    // Pruned since it was listed.
                    there.vanished(i);
                } catch (DamagedException e) {
                    there.damaged.put(key, e);
                }
            }
        }
        for (int i = 0; i < packs.size(); i++) {
            gone.set(i, !there.has(packs.ids().high(i), packs.ids().low(i)));
        }
        return there;
    }

    private static Listing list(FormatContext context) throws IOException {
        Listing there = new Listing();
        context.storage().list(RepositoryLayout.PACKS, object -> {
            String id = object.key().lastSegment();
            if (id.length() == 32 && isHex(id) && PackInfo.key(id).equals(object.key())) {
                there.add(id, object.length());
            }
        });
        return there;
    }

    private static boolean isHex(String id) {
        return id.chars().allMatch(c -> c >= '0' && c <= '9' || c >= 'a' && c <= 'f');
    }

    /**
     * Starts over if most packs are gone. Entries of pruned packs cost memory; starting over costs reading the index
     * again.
     */
    private void dropIfMostlyGone(Listing there) {
        int dead = 0;
        for (int i = 0; i < packs.size(); i++) {
            dead += there.has(packs.ids().high(i), packs.ids().low(i)) ? 0 : 1;
        }
        if (shared && dead > 16 && dead > packs.size() / 2) {
            TableMemory memory = TableMemory.standard();
            table = new ChunkTable(memory);
            packs = new PackTable(memory);
            loaded.clear();
            gone.clear();
            suspect.clear();
        }
    }

    /** Finds a chunk in a pack that exists. A suspect entry is returned only if there is no other. */
    public synchronized Optional<Place> find(ChunkName name) {
        Optional<Place> good = findGood(name);
        if (good.isPresent() || suspect.isEmpty()) {
            return good;
        }
        int entry = table.find(name, candidate -> !gone.get(table.pack(candidate)));
        return entry < 0 ? Optional.empty() : Optional.of(place(entry));
    }

    /** Finds a chunk that is not suspect, in a pack that exists. */
    public Optional<Place> findGood(ChunkName name) {
        return findGood(name, (high, low) -> true);
    }

    /** Finds a chunk that is not suspect, in a pack that exists and that passes the test. */
    public synchronized Optional<Place> findGood(ChunkName name, PackTest test) {
        int entry = table.find(name, candidate -> {
            int pack = table.pack(candidate);
            return !gone.get(pack)
                    && !suspect.get(candidate)
                    && test.test(packs.ids().high(pack), packs.ids().low(pack));
        });
        return entry < 0 ? Optional.empty() : Optional.of(place(entry));
    }

    /** Finds a chunk in a pack that no longer exists. */
    public synchronized Optional<Place> findGone(ChunkName name) {
        int entry = table.find(name, candidate -> gone.get(table.pack(candidate)));
        return entry < 0 ? Optional.empty() : Optional.of(place(entry));
    }

    private Place place(int entry) {
        int pack = table.pack(entry);
        return new Place(
                entry,
                packs.info(pack),
                pack,
                table.offset(entry),
                table.storedLength(entry),
                table.plainLength(entry));
    }

    /**
     * Marks an entry as damaged: other entries are preferred, and writers store the chunk again. For an index that is
     * not shared.
     */
    public synchronized void suspect(int entry) {
        suspect.set(entry);
    }

    /** Marks the entry of a chunk in a pack as damaged. */
    public void suspect(ChunkName name, PackInfo pack) {
        suspect(name, pack.id());
    }

    /** Returns whether an entry was marked as damaged. */
    public synchronized boolean isSuspect(int entry) {
        return suspect.get(entry);
    }

    /** Copies the suspect marks of another index of the same repository. */
    public void suspectLike(ChunkIndex other) {
        synchronized (other) {
            for (int i = other.suspect.nextSetBit(0); i >= 0; i = other.suspect.nextSetBit(i + 1)) {
                suspect(other.name(i), other.place(i).pack().id());
            }
        }
    }

    private synchronized void suspect(ChunkName name, String pack) {
        int number = packs.ids().find(pack);
        int entry = number < 0 ? -1 : table.find(name, candidate -> table.pack(candidate) == number);
        if (entry >= 0) {
            suspect.set(entry);
        }
    }

    /** Marks a pack as gone. */
    public synchronized void forget(PackInfo pack) {
        int number = packs.ids().find(pack.id());
        if (number >= 0) {
            gone.set(number);
        }
    }

    /** Returns the number of entries, including those of packs that are gone. Entries are numbered from 0. */
    public synchronized int size() {
        return table.size();
    }

    /** Returns an entry by its number. */
    public synchronized Place entry(int entry) {
        return place(entry);
    }

    /** Returns the name of an entry. */
    public synchronized ChunkName name(int entry) {
        return table.name(entry);
    }

    /** Returns the entry that represents all of the same name; -1 if there is none. */
    public synchronized int first(ChunkName name) {
        return table.find(name, candidate -> true);
    }

    /** Returns the entry that represents all of the same name. */
    public synchronized int first(int entry) {
        return table.first(entry);
    }

    /** Returns the first of the consecutive entries of a pack. */
    public synchronized int firstOf(int pack) {
        return packs.firstEntry(pack);
    }

    /** Returns the entry after the last one of a pack. */
    public synchronized int endOf(int pack) {
        return pack + 1 == packs.size() ? table.size() : packs.firstEntry(pack + 1);
    }

    /** Returns the number of the pack of an entry. */
    public synchronized int packOf(int entry) {
        return table.pack(entry);
    }

    /** Returns the number of packs, including those that are gone. Packs are numbered from 0. */
    public synchronized int packCount() {
        return packs.size();
    }

    /** Returns a pack by its number. */
    public synchronized PackInfo pack(int number) {
        return packs.info(number);
    }

    /** Returns a pack by its id if the index knows it, whether it still exists or not. */
    public synchronized Optional<PackInfo> known(String id) {
        int number = packs.ids().find(id);
        return number < 0 ? Optional.empty() : Optional.of(packs.info(number));
    }

    /** Returns whether a pack no longer exists. */
    public synchronized boolean isGone(int pack) {
        return gone.get(pack);
    }
}
