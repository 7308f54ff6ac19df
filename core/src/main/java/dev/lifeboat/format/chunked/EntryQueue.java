package dev.lifeboat.format.chunked;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.tree.EntrySpool;
import dev.lifeboat.internal.tree.FileContent;
import dev.lifeboat.internal.tree.TreeEntry;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Passes entries to a tree in order, although the places of their content become known later and in any order. Up to
 * a maximum number, waiting entries are held in memory. If an entry that is not ready holds up more than that, the
 * entries after it go through a temporary file, and the late entry is inserted at the end. Thread-safe.
 */
final class EntryQueue implements AutoCloseable {
    private static final int MAX_WAITING = 1 << 15;
    /** This many new entries are worth another thread. */
    private static final int SOME = 64;

    private final Destination destination;
    private final Tasks tasks;
    private final Deque<Place> waiting = new ArrayDeque<>();
    private final List<Late> late = new ArrayList<>();
    private @Nullable EntrySpool spool;
    private boolean draining;
    private int added;
    private long entries;
    private long contentBytes;

    /** Receives the entries in order. */
    @FunctionalInterface
    interface Destination {
        void add(TreeEntry entry) throws IOException;
    }

    EntryQueue(Destination destination, Tasks tasks) {
        this.destination = destination;
        this.tasks = tasks;
    }

    /** The place of an entry. Guarded by the queue. */
    final class Place {
        private @Nullable TreeEntry entry;
        private boolean dropped;

        /** Sets the entry. */
        void fill(Entry newEntry, FileContent content) throws IOException {
            synchronized (EntryQueue.this) {
                entry = new TreeEntry(newEntry, Optional.of(content));
            }
            drain();
        }

        /** Marks that no entry will be set. */
        void drop() throws IOException {
            synchronized (EntryQueue.this) {
                dropped = true;
            }
            drain();
        }

        private boolean isOpen() {
            return entry == null && !dropped;
        }
    }

    /** An entry that held up the others, and the number of entries in the file that come before it. */
    private record Late(Place place, long before) {}

    /** Adds a complete entry. */
    void add(TreeEntry entry) throws IOException {
        Place place = new Place();
        boolean full;
        boolean some;
        synchronized (this) {
            place.entry = entry;
            await();
            waiting.add(place);
            full = waiting.size() > MAX_WAITING;
            some = !draining && ++added % SOME == 0;
        }
        if (full) {
            drain();
        } else if (some) {
            tasks.start(() -> {
                drain();
                return null;
            });
        }
    }

    /** Reserves the next place. */
    Place next() throws IOException {
        Place place = new Place();
        boolean full;
        synchronized (this) {
            await();
            waiting.add(place);
            full = waiting.size() > MAX_WAITING;
        }
        if (full) {
            drain();
        }
        return place;
    }

    /** Waits until the draining thread has made room. If no thread drains, returns so that the caller can. */
    private synchronized void await() throws IOException {
        while (draining && waiting.size() > MAX_WAITING) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Io.interrupted(e);
            }
        }
    }

    /** Passes on entries that are ready. One thread at a time does this; other callers return at once. */
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
                if (spool == null) {
                    take(entry);
                } else {
                    spool.add(entry);
                }
            }
            done = true;
        } finally {
            if (!done) {
                synchronized (this) {
                    draining = false;
                    notifyAll();
                }
            }
        }
    }

    /** Returns the next entry that is ready. If there is none, ends the draining in the same step. */
    private synchronized @Nullable TreeEntry ready() throws IOException {
        while (!waiting.isEmpty()) {
            Place first = waiting.getFirst();
            if (first.isOpen()) {
                if (waiting.size() <= MAX_WAITING) {
                    break;
                }
                if (spool == null) {
                    spool = new EntrySpool();
                }
                late.add(new Late(first, spool.count()));
            }
            waiting.removeFirst();
            if (waiting.size() == MAX_WAITING) {
                notifyAll();
            }
            if (first.entry != null) {
                return first.entry;
            }
        }
        draining = false;
        notifyAll();
        return null;
    }

    private void take(TreeEntry entry) throws IOException {
        destination.add(entry);
        entries++;
        contentBytes += entry.entry().size().orElse(0);
    }

    /** Passes on the rest. Entries that were wanted but never sent are left out. No other call may be running. */
    void finish() throws IOException {
        synchronized (this) {
            for (Place place : waiting) {
                place.dropped |= place.entry == null;
            }
        }
        drain();
        EntrySpool file = spool;
        if (file == null) {
            return;
        }
        Deque<Late> left = new ArrayDeque<>(late);
        long taken = 0;
        try (EntrySpool.Reader reader = file.reader(tasks.executor())) {
            for (TreeEntry entry; (entry = reader.next()) != null; taken++) {
                takeLate(left, taken);
                take(entry);
            }
        }
        takeLate(left, taken);
    }

    private void takeLate(Deque<Late> left, long taken) throws IOException {
        while (!left.isEmpty() && left.getFirst().before() <= taken) {
            TreeEntry entry = left.removeFirst().place().entry;
            if (entry != null) {
                take(entry);
            }
        }
    }

    /** Returns the number of entries passed on. */
    long entries() {
        return entries;
    }

    /** Returns the number of bytes of their content. */
    long contentBytes() {
        return contentBytes;
    }

    @Override
    public void close() throws IOException {
        if (spool != null) {
            spool.close();
        }
    }
}
