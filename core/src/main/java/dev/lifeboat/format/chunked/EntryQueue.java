package dev.lifeboat.format.chunked;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.internal.tree.FileContent;
import dev.lifeboat.internal.tree.TreeEntry;
import dev.lifeboat.internal.tree.TreeWriter;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Brings entries to the tree in their order, though where their content lies is known later and in any order. What waits is held in memory: as
 * long as content follows its offer soon, that is what is in flight. Thread-safe.
 */
final class EntryQueue {
    private final TreeWriter tree;
    private final Deque<Place> waiting = new ArrayDeque<>();
    private boolean draining;
    private long entries;
    private long contentBytes;

    EntryQueue(TreeWriter tree) {
        this.tree = tree;
    }

    /** The place of an entry. */
    final class Place {
        private @Nullable TreeEntry entry;
        private boolean dropped;

        /** Says what the entry is. */
        void fill(Entry newEntry, FileContent content) throws IOException {
            synchronized (EntryQueue.this) {
                entry = new TreeEntry(newEntry, Optional.of(content));
            }
            drain();
        }

        /** Says that the entry does not come. */
        void drop() throws IOException {
            synchronized (EntryQueue.this) {
                dropped = true;
            }
            drain();
        }
    }

    /** Adds an entry that is whole. */
    void add(TreeEntry entry) throws IOException {
        Place place = next();
        synchronized (this) {
            place.entry = entry;
        }
        drain();
    }

    /** Keeps the next place. */
    synchronized Place next() {
        Place place = new Place();
        waiting.add(place);
        return place;
    }

    /** One thread at a time hands over what is ready; others leave that to it. */
    private void drain() throws IOException {
        synchronized (this) {
            if (draining) {
                return;
            }
            draining = true;
        }
        boolean done = false;
        try {
            for (TreeEntry entry; (entry = ready()) != null; ) {
                tree.add(entry);
            }
            done = true;
        } finally {
            if (!done) {
                synchronized (this) {
                    draining = false;
                }
            }
        }
    }

    /** The next entry that is ready; if there is none, the draining has ended, in the same step. */
    private synchronized @Nullable TreeEntry ready() {
        while (!waiting.isEmpty()) {
            Place first = waiting.getFirst();
            if (first.entry == null && !first.dropped) {
                break;
            }
            waiting.removeFirst();
            if (first.entry != null) {
                entries++;
                contentBytes += first.entry.entry().size().orElse(0);
                return first.entry;
            }
        }
        draining = false;
        return null;
    }

    /** Hands over the rest; what was wanted but never sent is left out. Nothing else may be going on. */
    void finish() throws IOException {
        synchronized (this) {
            for (Place place : waiting) {
                place.dropped |= place.entry == null;
            }
        }
        drain();
    }

    synchronized long entries() {
        return entries;
    }

    synchronized long contentBytes() {
        return contentBytes;
    }
}
