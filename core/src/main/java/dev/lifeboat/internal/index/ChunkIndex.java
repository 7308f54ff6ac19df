package dev.lifeboat.internal.index;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.Directory;
import dev.lifeboat.internal.pack.PackFile;
import dev.lifeboat.internal.pack.PackInfo;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All chunks of a repository and where they lie, as far as that was read; kept as long as the repository is open, and brought up to date when an
 * operation begins. The listing of packs is the truth, index objects are a hint: what they say of a pack that is gone does not count, and a pack
 * that they lack is asked itself. Thread-safe.
 */
public final class ChunkIndex {
    private static final Logger log = LoggerFactory.getLogger(ChunkIndex.class);

    private ChunkTable table = new ChunkTable();
    private final List<PackInfo> packs = new ArrayList<>();
    private final Map<String, Integer> numbers = new HashMap<>();
    private final Set<ObjectKey> loaded = new HashSet<>();
    private final Map<ObjectKey, DamagedException> damaged = new LinkedHashMap<>();
    private final BitSet gone = new BitSet();

    private final boolean shared;

    private ChunkIndex(boolean shared) {
        this.shared = shared;
    }

    /** An index of one operation, that starts empty; the numbers of its entries and packs stay. */
    public static ChunkIndex fresh() {
        return new ChunkIndex(false);
    }

    /** The index of a repository, as it is kept; not brought up to date. */
    public static ChunkIndex of(FormatContext context) {
        return context.memory().get(ChunkIndex.class, () -> new ChunkIndex(true));
    }

    /**
     * Where a chunk lies.
     *
     * @param entry number of it in this index
     */
    public record Place(int entry, PackInfo pack, int packNumber, int offset, int storedLength, int plainLength) {}

    /**
     * What was found when the packs were listed.
     *
     * @param packs all there are, by id
     * @param damaged index objects and packs that cannot be read
     */
    public record Listing(Map<String, ObjectInfo> packs, Map<ObjectKey, DamagedException> damaged) {
        /** Length of a pack; 0 if it is not there. */
        public long length(PackInfo pack) {
            ObjectInfo object = packs.get(pack.id());
            return object == null ? 0 : object.length();
        }
    }

    /** Reads the index objects that are new. Enough for reading: what is missing then, {@link #refresh} may find. */
    public synchronized void readNew(FormatContext context) throws IOException {
        for (int attempt = 0; ; attempt++) {
            Set<ObjectKey> there = new HashSet<>();
            context.storage().list(IndexFile.PREFIX, object -> there.add(object.key()));
            damaged.keySet().retainAll(there);
            boolean vanished = false;
            for (ObjectKey key : there) {
                if (!loaded.contains(key) && !damaged.containsKey(key)) {
                    try {
                        read(context, key);
                    } catch (FileNotFoundException e) {
                        // A prune has put another in its place since it was listed.
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
            log.warn("index object passed over, it is damaged; run verify [key={}, cause={}]", key, e.getMessage());
            damaged.put(key, e);
            return;
        } catch (UnsupportedVersionException e) {
            // A hint that a newer release has left: its packs tell themselves what is in them.
            log.warn("index object passed over [key={}, cause={}]", key, e.getMessage());
            directories = List.of();
        }
        directories.forEach(this::add);
        loaded.add(key);
    }

    private void add(Directory directory) {
        String id = directory.pack().id();
        Integer known = numbers.get(id);
        if (known == null) {
            numbers.put(id, packs.size());
            table.addAll(directory, packs.size());
            packs.add(directory.pack());
        } else {
            gone.clear(known);
        }
    }

    /**
     * Lists the packs and brings all in line with them.
     *
     * @return what is there
     */
    public synchronized Listing refresh(FormatContext context) throws IOException {
        Map<String, ObjectInfo> there = new TreeMap<>();
        context.storage().list(PackInfo.PREFIX, object -> {
            String id = object.key().lastSegment();
            if (id.matches("[0-9a-f]{32}") && PackInfo.key(id).equals(object.key())) {
                there.put(id, object);
            }
        });
        dropIfMostlyGone(there);
        readNew(context);
        Map<ObjectKey, DamagedException> unreadable = new LinkedHashMap<>(damaged);
        for (ObjectInfo object : List.copyOf(there.values())) {
            String id = object.key().lastSegment();
            if (!numbers.containsKey(id)) {
                try {
                    add(PackFile.readDirectory(context.storage(), context.keys(), object));
                } catch (FileNotFoundException e) {
                    // Pruned since it was listed.
                    there.remove(id);
                } catch (DamagedException e) {
                    unreadable.put(object.key(), e);
                }
            }
        }
        for (int i = 0; i < packs.size(); i++) {
            gone.set(i, !there.containsKey(packs.get(i).id()));
        }
        return new Listing(there, unreadable);
    }

    /** Entries of packs that were pruned cost memory; a fresh start costs reading the index again. */
    private void dropIfMostlyGone(Map<String, ObjectInfo> there) {
        long dead = packs.stream().filter(p -> !there.containsKey(p.id())).count();
        if (shared && dead > 16 && dead > packs.size() / 2) {
            table = new ChunkTable();
            packs.clear();
            numbers.clear();
            loaded.clear();
            gone.clear();
        }
    }

    /** Finds a chunk in a pack that is there. */
    public Optional<Place> find(ChunkName name) {
        return find(name, id -> true);
    }

    /** Finds a chunk in a pack that is there and that will do, by its id. */
    public synchronized Optional<Place> find(ChunkName name, Predicate<String> packs) {
        int entry = table.find(
                name, pack -> !gone.get(pack) && packs.test(this.packs.get(pack).id()));
        return entry < 0 ? Optional.empty() : Optional.of(place(entry));
    }

    private Place place(int entry) {
        int pack = table.pack(entry);
        return new Place(
                entry, packs.get(pack), pack, table.offset(entry), table.storedLength(entry), table.plainLength(entry));
    }

    /** Notes that a pack is not there any more. */
    public synchronized void forget(PackInfo pack) {
        Integer number = numbers.get(pack.id());
        if (number != null) {
            gone.set(number);
        }
    }

    /** Entries so far, numbered from 0; those of packs that are gone among them. */
    public synchronized int size() {
        return table.size();
    }

    /** An entry by its number. */
    public synchronized Place entry(int entry) {
        return place(entry);
    }

    /** Name of an entry. */
    public synchronized ChunkName name(int entry) {
        return table.name(entry);
    }

    /** Code of the kind of an entry. */
    public synchronized int kindCode(int entry) {
        return table.kindCode(entry);
    }

    /** The entry that stands for all of the same name; -1 if there is none. */
    public synchronized int first(ChunkName name) {
        return table.find(name, pack -> true);
    }

    /** The entry that stands for all of the same name. */
    public synchronized int first(int entry) {
        return table.first(entry);
    }

    /** Number of the pack of an entry. */
    public synchronized int packOf(int entry) {
        return table.pack(entry);
    }

    /** Packs so far, numbered from 0; those that are gone among them. */
    public synchronized int packCount() {
        return packs.size();
    }

    /** A pack by its number. */
    public synchronized PackInfo pack(int number) {
        return packs.get(number);
    }

    /** Whether a pack is not there any more. */
    public synchronized boolean isGone(int pack) {
        return gone.get(pack);
    }
}
