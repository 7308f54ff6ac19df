package dev.lifeboat.format.chunked;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.ChunkIndex.Place;
import dev.lifeboat.internal.pack.ChunkHeader;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.ChunkReader;
import dev.lifeboat.internal.pack.PackInfo;
import dev.lifeboat.internal.pack.ReadAhead;
import dev.lifeboat.internal.tree.Node;
import dev.lifeboat.internal.tree.TreePages;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads chunks by name. Nodes and pages are stored next to each other, so ranges fetched for one are kept for the next.
 * If a chunk is not where the index says, or in no pack, the index is refreshed once: a prune may have moved it.
 * Thread-safe.
 */
final class ChunkSource implements TreePages {
    private static final int READ_AHEAD_BYTES = 256 << 10;
    private static final int KEPT_RANGES = 12;

    private final FormatContext context;
    private final ChunkIndex index;
    private final ChunkReader reader;
    /** The maximum number of refreshes. Every missing pack is a reason to refresh, but a lookup must end. */
    private static final int MAX_REFRESHES = 50;

    /** Packs that the store was asked to recover, and whether it could. */
    private final Map<String, Boolean> recovered = new HashMap<>();

    private boolean refreshed;
    private int refreshes;

    private final ReadAhead trees;

    ChunkSource(FormatContext context, ChunkIndex index) {
        this.context = context;
        this.index = index;
        this.reader = new ChunkReader(context.storage(), context.keys());
        this.trees = new ReadAhead(reader, READ_AHEAD_BYTES, KEPT_RANGES);
    }

    ChunkReader reader() {
        return reader;
    }

    /**
     * Returns the place of a chunk.
     *
     * @throws DamagedException if it is in no pack
     */
    Place place(ChunkName name) throws IOException {
        Optional<Place> place = index.find(name);
        if (place.isEmpty()) {
            refresh();
            place = index.find(name);
        }
        if (place.isEmpty()) {
            place = recovered(name);
        }
        return place.orElseThrow(() -> new DamagedException("chunk " + name + " is in no pack in "
                + context.storage().location() + "; a new backup of what it held stores it again"));
    }

    /** Returns the place in a pack that was lost and that the store could recover from elsewhere. */
    private Optional<Place> recovered(ChunkName name) throws IOException {
        Optional<Place> place = index.findGone(name);
        if (place.isEmpty() || !recover(place.get().pack())) {
            return Optional.empty();
        }
        return place;
    }

    /** Returns whether the store now has something else to read than before. The store is asked once for each pack. */
    private boolean recover(PackInfo pack) throws IOException {
        synchronized (recovered) {
            Boolean known = recovered.get(pack.id());
            if (known == null) {
                known = context.storage().recover(pack.key());
                recovered.put(pack.id(), known);
                trees.forget(pack);
            }
            return known;
        }
    }

    /** Refreshes the index unless that was done. If another thread is doing it, waits, so the caller looks again. */
    private synchronized void refresh() throws IOException {
        if (!refreshed) {
            index.refresh(context);
            refreshed = true;
            refreshes++;
        }
    }

    @FunctionalInterface
    private interface Opening {
        byte[] open(Place place) throws IOException;
    }

    /** Opens a chunk from any place in which it is intact. */
    private byte[] open(ChunkName name, Opening opening) throws IOException {
        boolean asked = false;
        Set<String> missed = new HashSet<>();
        while (true) {
            Place place = place(name);
            try {
                return opening.open(place);
            } catch (FileNotFoundException e) {
                if (!missed.add(place.pack().id())) {
                    // The store had recovered it from elsewhere, and can no longer read it there.
                    throw new DamagedException("chunk " + name + " is in a pack that is lost: " + e.getMessage(), e);
                }
                gone(place.pack());
            } catch (DamagedException e) {
                if (!asked && recover(place.pack())) {
                    asked = true;
                    continue;
                }
                index.suspect(name, place.pack());
                if (!hasGood(name)) {
                    throw e;
                }
            }
        }
    }

    private boolean hasGood(ChunkName name) throws IOException {
        if (index.findGood(name).isPresent()) {
            return true;
        }
        refresh();
        return index.findGood(name).isPresent();
    }

    /** Reads a chunk of content. */
    byte[] data(ChunkName name) throws IOException {
        return open(name, place -> {
            byte[] bytes = reader.fetch(place.pack(), place.offset(), ChunkHeader.BYTES + place.storedLength());
            return reader.open(place.pack(), bytes, 0, name);
        });
    }

    /** Records that a pack is gone. The next lookup finds another pack, or none. */
    void gone(PackInfo pack) throws IOException {
        index.forget(pack);
        synchronized (this) {
            refreshed = refreshes >= MAX_REFRESHES;
        }
        refresh();
    }

    private byte[] tree(ChunkName name) throws IOException {
        return open(name, place -> {
            ReadAhead.Stretch stretch =
                    trees.stretch(place.pack(), place.offset(), ChunkHeader.BYTES + place.storedLength());
            return reader.open(place.pack(), stretch.bytes(), stretch.at(place.offset()), name);
        });
    }

    @Override
    public Node node(ChunkName name) throws IOException {
        return Node.parse(tree(name));
    }

    @Override
    public byte[] page(Node node) throws IOException {
        return tree(node.page());
    }
}
