package dev.lifeboat.format.chunked;

import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.ChunkIndex.Place;
import dev.lifeboat.internal.index.NameSet;
import dev.lifeboat.internal.index.PackIds;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.pack.ChunkHeader;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.PackInfo;
import dev.lifeboat.internal.tree.Node;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the chunks that snapshots need. Reads only nodes, each once, so the write right suffices. Takes a bit a chunk,
 * and a name a node.
 */
final class Marking {
    private static final Logger log = LoggerFactory.getLogger(Marking.class);
    private final FormatContext context;
    private final ChunkIndex index;
    private final ChunkSource source;
    private NameSet visited = new NameSet();
    /** For each needed chunk, the entry that represents all of its name. */
    private final BitSet live = new BitSet();
    /** Needed chunks that were in no pack when they were looked up. */
    private NameSet lost = new NameSet();

    /** One refresh is enough: what the listed snapshots need is in packs that were put before those snapshots. */
    private boolean refreshed;

    Marking(FormatContext context, ChunkIndex index) {
        this.context = context;
        this.index = index;
        this.source = new ChunkSource(context, index);
    }

    /**
     * Marks what an archive needs.
     *
     * @throws DamagedException if that cannot be determined; nothing may be removed then
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
                // Nodes below visited ones may not have been visited, and other archives may need them.
                visited = new NameSet();
            }
        }
    }

    /**
     * Prepares another pass that keeps all marks. A chunk that was in no pack before may be in one now, and is needed
     * there.
     */
    void again() {
        refreshed = false;
        if (lost.size() > 0) {
            visited = new NameSet();
            lost = new NameSet();
        }
    }

    /** Marks a node. A snapshot that was made after the index was read needs packs that are new. */
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

    /**
     * Marks a chunk. A chunk in no pack cannot be removed; verify reports that it is missing. A missing node is an
     * error, since what it names is unknown.
     */
    private void markChunk(ChunkName name) throws IOException {
        if (index.find(name).isEmpty()) {
            if (!lost.add(name)) {
                return;
            }
            if (!refreshed) {
                refreshed = true;
                index.refresh(context);
            }
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
     * Chooses one copy of each needed chunk to keep. Copies in packs that are not pending deletions are preferred. Of
     * several, the one in the pack with the smallest id is chosen, so that all prunes choose alike.
     *
     * @param pending packs with pending deletions, from which a copy is chosen only if there is no other
     */
    LiveChunks use(PackIds pending) {
        // Sets of entries that represent a name.
        BitSet several = new BitSet();
        BitSet once = new BitSet();
        for (int entry = 0; entry < index.size(); entry++) {
            if (isLive(entry)) {
                int first = index.first(entry);
                (once.get(first) ? several : once).set(first);
            }
        }
        LiveChunks uses = new LiveChunks(index);
        Map<Integer, Integer> best = new HashMap<>();
        for (int entry = 0; entry < index.size(); entry++) {
            if (isLive(entry)) {
                int first = index.first(entry);
                if (several.get(first)) {
                    int copy = entry;
                    best.merge(first, copy, (one, other) -> better(one, other, pending));
                } else {
                    uses.keep(entry);
                }
            }
        }
        best.values().forEach(uses::keep);
        return uses;
    }

    private int better(int one, int other, PackIds pending) {
        String id = id(one);
        String otherId = id(other);
        boolean doomed = pending.contains(id);
        if (index.isSuspect(one) != index.isSuspect(other)) {
            return index.isSuspect(one) ? other : one;
        }
        boolean keeps = doomed == pending.contains(otherId) ? id.compareTo(otherId) < 0 : !doomed;
        return keeps ? one : other;
    }

    private String id(int entry) {
        return index.pack(index.packOf(entry)).id();
    }

    private boolean isLive(int entry) {
        return live.get(index.first(entry)) && !index.isGone(index.packOf(entry));
    }

    /**
     * Checks the copy that is about to become the only one. The copy to be removed may have been stored because this
     * one is damaged.
     */
    private boolean isWhole(Place copy) throws IOException {
        try {
            byte[] bytes = source.reader().fetch(copy.pack(), copy.offset(), ChunkHeader.BYTES + copy.storedLength());
            source.reader().check(copy.pack(), bytes, 0, index.name(copy.entry()));
            return true;
        } catch (DamagedException e) {
            log.warn("another copy of a chunk is damaged; run repair [cause={}]", e.getMessage());
            index.suspect(copy.entry());
            return false;
        } catch (FileNotFoundException e) {
            index.forget(copy.pack());
            return false;
        }
    }

    /**
     * Returns those of some packs whose needed chunks are all also in packs that stay, and intact there.
     *
     * @param known selects packs that the caller has written itself, which need not be read
     */
    SortedSet<Integer> elsewhere(SortedSet<Integer> packs, PackIds going, Predicate<PackInfo> known)
            throws IOException {
        SortedSet<Integer> elsewhere = new TreeSet<>();
        for (int pack : packs) {
            if (isElsewhere(pack, going, known)) {
                elsewhere.add(pack);
            }
        }
        return elsewhere;
    }

    private boolean isElsewhere(int pack, PackIds going, Predicate<PackInfo> known) throws IOException {
        for (int entry = index.firstOf(pack); entry < index.endOf(pack); entry++) {
            if (live.get(index.first(entry)) && !hasOther(index.name(entry), going, known)) {
                return false;
            }
        }
        return true;
    }

    private boolean hasOther(ChunkName name, PackIds going, Predicate<PackInfo> known) throws IOException {
        Io.checkInterrupt();
        for (Optional<Place> other;
                (other = index.findGood(name, (high, low) -> !going.contains(high, low))).isPresent(); ) {
            if (known.test(other.get().pack()) || isWhole(other.get())) {
                return true;
            }
        }
        return false;
    }
}
