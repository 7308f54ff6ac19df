package dev.lifeboat.format.chunked;

import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.ChunkIndex.Place;
import dev.lifeboat.internal.index.NameSet;
import dev.lifeboat.internal.pack.ChunkHeader;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.tree.Node;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds out which chunks snapshots need, by their nodes alone, each read once; so it takes only the right to write. A bit a chunk, and a name a
 * node.
 */
final class Marking {
    private final FormatContext context;
    private final ChunkIndex index;
    private final ChunkSource source;
    private NameSet visited = new NameSet();
    /** The entry that stands for all of its name, for each chunk that is needed. */
    private final BitSet live = new BitSet();

    Marking(FormatContext context, ChunkIndex index) {
        this.context = context;
        this.index = index;
        this.source = new ChunkSource(context, index);
    }

    /**
     * Marks what an archive needs.
     *
     * @throws DamagedException if that cannot be found out; nothing may be removed then
     */
    void mark(ArchiveRoot root) throws IOException {
        boolean done = false;
        try {
            Deque<ChunkName> nodes = new ArrayDeque<>();
            nodes.add(ChunkedFormat.name(root));
            for (ChunkName name; (name = nodes.poll()) != null; ) {
                if (visited.add(name)) {
                    nodes.addAll(markNode(name));
                }
            }
            done = true;
        } finally {
            if (!done) {
                // What is below nodes that were visited was maybe not; others may need it.
                visited = new NameSet();
            }
        }
    }

    /** A snapshot that was made since the index was read needs packs that are new. */
    private List<ChunkName> markNode(ChunkName name) throws IOException {
        try {
            return tryMarkNode(name);
        } catch (DamagedException e) {
            index.refresh(context);
            return tryMarkNode(name);
        }
    }

    private List<ChunkName> tryMarkNode(ChunkName name) throws IOException {
        Node node = source.node(name);
        live(name);
        live(node.page());
        for (ChunkName chunk : node.data()) {
            live(chunk);
        }
        return node.nodes();
    }

    private void live(ChunkName name) throws DamagedException {
        if (index.find(name).isEmpty()) {
            throw new DamagedException("chunk " + name + ", which a snapshot needs, is in no pack in "
                    + context.storage().location());
        }
        live.set(index.first(name));
    }

    /** What of a pack is needed, and only there. */
    static final class Use {
        private final List<Place> places = new ArrayList<>();
        private long bytes;

        /** The chunks. */
        List<Place> places() {
            return places;
        }

        /** Their bytes, headers included. */
        long bytes() {
            return bytes;
        }
    }

    /**
     * Chooses, of each chunk that is needed, one copy that stays.
     *
     * @param condemned ids of packs in which none is chosen, if there is another
     * @return by the number of the pack
     */
    Map<Integer, Use> use(Set<String> condemned) {
        Map<Integer, List<Integer>> copies = new HashMap<>();
        Map<Integer, Use> uses = new HashMap<>();
        for (int entry = 0; entry < index.size(); entry++) {
            int first = index.first(entry);
            if (live.get(first) && !index.isGone(index.packOf(entry))) {
                if (first != entry || copies.containsKey(first)) {
                    copies.computeIfAbsent(first, f -> new ArrayList<>()).add(entry);
                } else {
                    add(uses, entry);
                }
            }
        }
        // The first of a name was added already, as if it were alone.
        copies.forEach((first, others) -> {
            List<Integer> all = new ArrayList<>(others);
            if (!index.isGone(index.packOf(first))) {
                remove(uses, first);
                all.add(first);
            }
            add(uses, chosen(all, condemned));
        });
        return uses;
    }

    /** One that is not condemned; of several the one in the pack whose id is the least, so that all prunes choose alike. */
    private int chosen(List<Integer> copies, Set<String> condemned) {
        int best = copies.get(0);
        for (int copy : copies) {
            String id = id(copy);
            boolean better = condemned.contains(id(best)) == condemned.contains(id)
                    ? id.compareTo(id(best)) < 0
                    : condemned.contains(id(best));
            best = better ? copy : best;
        }
        return best;
    }

    private String id(int entry) {
        return index.pack(index.packOf(entry)).id();
    }

    private void add(Map<Integer, Use> uses, int entry) {
        Place place = index.entry(entry);
        Use use = uses.computeIfAbsent(place.packNumber(), p -> new Use());
        use.places.add(place);
        use.bytes += ChunkHeader.BYTES + place.storedLength();
    }

    private void remove(Map<Integer, Use> uses, int entry) {
        Use use = uses.get(index.packOf(entry));
        if (use != null && use.places.removeIf(place -> place.entry() == entry)) {
            use.bytes -= ChunkHeader.BYTES + index.entry(entry).storedLength();
        }
    }

    /** Of some packs, the numbers of those of which everything that is needed is also in a pack that stays. */
    Set<Integer> elsewhere(Set<Integer> packs, Set<String> going) {
        Set<Integer> elsewhere = new TreeSet<>(packs);
        for (int entry = 0; entry < index.size(); entry++) {
            int pack = index.packOf(entry);
            if (elsewhere.contains(pack)
                    && live.get(index.first(entry))
                    && index.find(index.name(entry), id -> !going.contains(id)).isEmpty()) {
                elsewhere.remove(pack);
            }
        }
        return elsewhere;
    }
}
