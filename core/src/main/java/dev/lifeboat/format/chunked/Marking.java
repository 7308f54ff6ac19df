package dev.lifeboat.format.chunked;

import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.ChunkIndex.Place;
import dev.lifeboat.internal.index.NameSet;
import dev.lifeboat.internal.index.PackIds;
import dev.lifeboat.internal.pack.ChunkHeader;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.tree.Node;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out which chunks snapshots need, by their nodes alone, each read once; so it takes only the right to write. A bit a chunk, and a name a
 * node.
 */
final class Marking {
    private static final Logger log = LoggerFactory.getLogger(Marking.class);
    private final FormatContext context;
    private final ChunkIndex index;
    private final ChunkSource source;
    private NameSet visited = new NameSet();
    /** The entry that stands for all of its name, for each chunk that is needed. */
    private final BitSet live = new BitSet();
    /** Chunks that are needed, and were not there when they were looked for. */
    private final NameSet lost = new NameSet();

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

    /** Marks what can still be found of an archive that is known to be broken. What it passes over is not known to anybody else after that. */
    void markRest(ArchiveRoot root) throws IOException {
        NameSet seen = new NameSet();
        Deque<ChunkName> nodes = new ArrayDeque<>();
        nodes.add(ChunkedFormat.name(root));
        for (ChunkName name; (name = nodes.poll()) != null; ) {
            if (seen.add(name)) {
                try {
                    nodes.addAll(markNode(name));
                } catch (DamagedException e) {
                    log.warn("part of a snapshot that was set apart is lost [node={}, cause={}]", name, e.getMessage());
                }
            }
        }
    }

    /** A snapshot that was made since the index was read needs packs that are new. */
    private List<ChunkName> markNode(ChunkName name) throws IOException {
        try {
            return markNode(source.node(name), name);
        } catch (DamagedException e) {
            index.refresh(context);
            return markNode(source.node(name), name);
        }
    }

    private List<ChunkName> markNode(Node node, ChunkName name) throws IOException {
        markChunk(name);
        markChunk(node.page());
        for (ChunkName chunk : node.data()) {
            markChunk(chunk);
        }
        return node.nodes();
    }

    /** What is in no pack cannot be removed: that it is missing, verify tells. A node is another thing, for what it names is not known then. */
    private void markChunk(ChunkName name) throws IOException {
        if (index.find(name).isEmpty()) {
            if (!lost.add(name)) {
                return;
            }
            index.refresh(context);
            if (index.find(name).isEmpty()) {
                log.warn(
                        "a chunk that a snapshot needs is in no pack; run verify [chunk={}, store={}]",
                        name,
                        context.storage().location());
                return;
            }
        }
        live.set(index.first(name));
    }

    /**
     * Chooses, of each chunk that is needed, one copy that stays. Of several it is one that was read and is whole, if there is one.
     *
     * @param condemned packs in which none is chosen, if there is another
     */
    Uses use(PackIds condemned) throws IOException {
        BitSet once = new BitSet();
        BitSet several = new BitSet();
        for (int entry = 0; entry < index.size(); entry++) {
            if (isLive(entry)) {
                int first = index.first(entry);
                (once.get(first) ? several : once).set(first);
            }
        }
        Uses uses = new Uses(index);
        Map<Integer, List<Place>> copies = new LinkedHashMap<>();
        for (int entry = 0; entry < index.size(); entry++) {
            if (isLive(entry)) {
                int first = index.first(entry);
                if (several.get(first)) {
                    copies.computeIfAbsent(first, f -> new ArrayList<>()).add(index.entry(entry));
                } else {
                    uses.keep(entry);
                }
            }
        }
        for (List<Place> all : copies.values()) {
            uses.keep(chosen(all, condemned).entry());
        }
        return uses;
    }

    private boolean isLive(int entry) {
        return live.get(index.first(entry)) && !index.isGone(index.packOf(entry));
    }

    /** One that is not condemned; of several the one in the pack whose id is the least, so that all prunes choose alike. */
    private Place chosen(List<Place> copies, PackIds condemned) throws IOException {
        copies.sort(Comparator.comparing(
                        (Place place) -> condemned.contains(place.pack().id()))
                .thenComparing(place -> place.pack().id()));
        for (Place copy : copies) {
            if (isWhole(copy)) {
                return copy;
            }
        }
        return copies.get(0);
    }

    /** What is about to be the only copy is looked at: the one that goes may have been stored because this one is damaged. */
    private boolean isWhole(Place copy) throws IOException {
        if (index.isSuspect(copy.entry())) {
            return false;
        }
        try {
            byte[] bytes = source.reader().fetch(copy.pack(), copy.offset(), ChunkHeader.BYTES + copy.storedLength());
            source.reader().check(copy.pack(), bytes, 0, index.name(copy.entry()));
            return true;
        } catch (DamagedException e) {
            log.warn("another copy of a chunk is kept, run repair [cause={}]", e.getMessage());
            index.suspect(copy.entry());
            return false;
        } catch (FileNotFoundException e) {
            index.forget(copy.pack());
            return false;
        }
    }

    /** Of some packs, the numbers of those of which everything that is needed is also in a pack that stays. */
    SortedSet<Integer> elsewhere(SortedSet<Integer> packs, PackIds going) {
        SortedSet<Integer> elsewhere = new TreeSet<>();
        for (int pack : packs) {
            if (isElsewhere(pack, going)) {
                elsewhere.add(pack);
            }
        }
        return elsewhere;
    }

    private boolean isElsewhere(int pack, PackIds going) {
        for (int entry = index.firstOf(pack); entry < index.endOf(pack); entry++) {
            boolean stays = index.findGood(index.name(entry), (high, low) -> !going.contains(high, low))
                    .isPresent();
            if (live.get(index.first(entry)) && !stays) {
                return false;
            }
        }
        return true;
    }
}
