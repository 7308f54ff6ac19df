package dev.lifeboat.internal.tree;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.pack.ChunkName;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** Iterates over the entries of a tree. Reads a page only when it reaches it. Not thread-safe. */
public final class TreeCursor {
    private static final int AHEAD = 3;
    /** Used in place of a number of entries. */
    private static final int UNKNOWN = -1;

    private static final int ROOT = -2;

    private final TreePages pages;
    /** Pages to visit, the next one first. */
    private final Deque<Pending> pending = new ArrayDeque<>();

    private Iterator<TreeEntry> entries = List.<TreeEntry>of().iterator();
    private @Nullable EntryPath last;

    private final Optional<Executor> executor;
    /** Pages of entries that are being read ahead. */
    private final Map<ChunkName, FutureTask<List<TreeEntry>>> ahead = new HashMap<>();

    private record Pending(Inner.Child page, int level) {
        ChunkName node() {
            return page.node();
        }

        long entries() {
            return page.entries();
        }
    }

    private boolean goesOn;
    private Lost lost = (first, count, damage) -> {
        throw damage;
    };

    private TreeCursor(TreePages pages, Optional<Executor> executor) {
        this.pages = pages;
        this.executor = executor;
    }

    /** Receives pages that are lost. */
    @FunctionalInterface
    public interface Lost {
        /**
         * Called at the position of the lost page.
         *
         * @param first the first path in the page, or of the page above it
         * @param entries in it and below; negative if that is not known
         */
        void lost(EntryPath first, long entries, DamagedException damage) throws IOException;
    }

    /** Continues after a lost page, which otherwise ends the iteration. The root page is always needed. */
    public TreeCursor onLost(Lost newLost) {
        goesOn = true;
        lost = newLost;
        return this;
    }

    /** Starts at the first entry of a tree. */
    public static TreeCursor of(TreePages pages, ChunkName root) throws IOException {
        return start(new TreeCursor(pages, Optional.empty()), root);
    }

    /**
     * Starts at the first entry of a tree and reads the next pages ahead on other threads. For callers that read the
     * whole tree.
     */
    public static TreeCursor ahead(TreePages pages, ChunkName root, Executor executor) throws IOException {
        return start(new TreeCursor(pages, Optional.of(executor)), root);
    }

    /** Skips to the next entry whose path is not before another one. Pages that lie before it are not read. */
    public void seek(EntryPath start) throws IOException {
        if (skipInPage(start)) {
            return;
        }
        while (!pending.isEmpty()) {
            Pending page = pending.pop();
            Pending next = pending.peek();
            if (next != null && next.page().first().compareTo(start) <= 0) {
                continue;
            }
            open(page);
            if (page.level() == 0 && skipInPage(start)) {
                return;
            }
        }
    }

    /** Skips entries of the page that is open; false if none is left. */
    private boolean skipInPage(EntryPath start) {
        List<TreeEntry> rest = new ArrayList<>();
        entries.forEachRemaining(rest::add);
        rest.removeIf(entry -> entry.entry().path().compareTo(start) < 0);
        entries = rest.iterator();
        return !rest.isEmpty();
    }

    private static TreeCursor start(TreeCursor cursor, ChunkName root) throws IOException {
        cursor.pending.push(new Pending(
                new Inner.Child(EntryPath.root(), ROOT, root),
                cursor.pages.node(root).level()));
        return cursor;
    }

    /** Returns the next entry; empty at the end. */
    public Optional<TreeEntry> next() throws IOException {
        while (!entries.hasNext()) {
            if (pending.isEmpty()) {
                return Optional.empty();
            }
            openOrTell(pending.pop());
        }
        TreeEntry entry = entries.next();
        EntryPath path = entry.entry().path();
        if (last != null && last.compareTo(path) >= 0) {
            throw new DamagedException("in a tree '" + path + "' comes after '" + last + "'");
        }
        last = path;
        return Optional.of(entry);
    }

    private void openOrTell(Pending page) throws IOException {
        try {
            open(page);
        } catch (DamagedException e) {
            if (goesOn && openBelow(page)) {
                return;
            }
            if (page.entries() == ROOT) {
                throw e;
            }
            lost.lost(page.page().first(), page.entries(), e);
        }
    }

    /**
     * Falls back on the node of a lost inner page, which also names the pages below, but without their paths and
     * counts.
     */
    private boolean openBelow(Pending page) throws IOException {
        List<ChunkName> below;
        try {
            Node node = pages.node(page.node());
            if (page.level() == 0 || node.level() != page.level()) {
                return false;
            }
            below = node.nodes();
        } catch (DamagedException e) {
            return false;
        }
        for (int i = below.size() - 1; i >= 0; i--) {
            pending.push(new Pending(new Inner.Child(page.page().first(), UNKNOWN, below.get(i)), page.level() - 1));
        }
        return true;
    }

    private void open(Pending page) throws IOException {
        if (page.level() == 0) {
            FutureTask<List<TreeEntry>> task = ahead.remove(page.node());
            entries = (task == null ? readLeaf(page) : Io.await(task)).iterator();
            readAhead();
            return;
        }
        Node node = pages.node(page.node());
        if (node.level() != page.level()) {
            throw new DamagedException("a page is of level " + node.level() + ", expected " + page.level());
        }
        List<Inner.Child> children = Inner.read(node, pages.page(node));
        long entriesBelow = children.stream().mapToLong(Inner.Child::entries).reduce(0, TreeCursor::plus);
        if (page.entries() >= 0 && page.entries() != entriesBelow) {
            throw new DamagedException("below a page are " + entriesBelow + " entries, expected " + page.entries());
        }
        for (int i = children.size() - 1; i >= 0; i--) {
            pending.push(new Pending(children.get(i), page.level() - 1));
        }
    }

    /** Saturates on overflow, so that an impossible sum equals no count. */
    private static long plus(long a, long b) {
        long sum = a + b;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }

    private List<TreeEntry> readLeaf(Pending page) throws IOException {
        Node node = pages.node(page.node());
        if (node.level() != 0) {
            throw new DamagedException("a page is of level " + node.level() + ", expected 0");
        }
        List<TreeEntry> read = LeafReader.read(node, pages.page(node));
        if (page.entries() >= 0 && page.entries() != read.size()) {
            throw new DamagedException("a page has " + read.size() + " entries, expected " + page.entries());
        }
        return read;
    }

    private void readAhead() {
        if (executor.isEmpty()) {
            return;
        }
        int left = AHEAD;
        for (Pending next : pending) {
            if (next.level() != 0 || left-- == 0) {
                return;
            }
            if (!ahead.containsKey(next.node())) {
                FutureTask<List<TreeEntry>> task = new FutureTask<>(() -> readLeaf(next));
                ahead.put(next.node(), task);
                executor.get().execute(task);
            }
        }
    }

    /**
     * Skips pages that are identical in both trees from the current position on, the largest possible first.
     *
     * @return entries skipped; 0 if the next ones are not known to be the same
     */
    public long skipSame(TreeCursor other) throws IOException {
        long skipped = 0;
        while (!entries.hasNext() && !other.entries.hasNext() && !pending.isEmpty() && !other.pending.isEmpty()) {
            Pending mine = pending.getFirst();
            Pending theirs = other.pending.getFirst();
            if (mine.node().equals(theirs.node())) {
                pending.pop();
                other.pending.pop();
                // A root does not record how many entries are below it.
                skipped +=
                        mine.entries() >= 0 ? mine.entries() : theirs.entries() >= 0 ? theirs.entries() : count(mine);
            } else if (mine.level() == 0 && theirs.level() == 0) {
                break;
            } else {
                if (mine.level() >= theirs.level()) {
                    open(pending.pop());
                }
                if (theirs.level() >= mine.level()) {
                    other.open(other.pending.pop());
                }
            }
        }
        return skipped;
    }

    private long count(Pending root) throws IOException {
        Node node = pages.node(root.node());
        return node.level() == 0
                ? LeafReader.read(node, pages.page(node)).size()
                : Inner.read(node, pages.page(node)).stream()
                        .mapToLong(Inner.Child::entries)
                        .sum();
    }

    /** Finds one entry. Reads one page a level. */
    public static Optional<TreeEntry> find(TreePages pages, ChunkName root, EntryPath path) throws IOException {
        Node node = pages.node(root);
        int level = node.level();
        while (level > 0) {
            Inner.Child candidate = null;
            for (Inner.Child child : Inner.read(node, pages.page(node))) {
                if (child.first().compareTo(path) > 0) {
                    break;
                }
                candidate = child;
            }
            if (candidate == null) {
                return Optional.empty();
            }
            node = pages.node(candidate.node());
            if (node.level() != --level) {
                throw new DamagedException("a page is of level " + node.level() + ", expected " + level);
            }
        }
        return LeafReader.read(node, pages.page(node)).stream()
                .filter(e -> e.entry().path().equals(path))
                .findFirst();
    }

    /** Returns the entries of one page, for callers that visit pages themselves. */
    public static List<TreeEntry> entries(Node node, TreePages pages) throws IOException {
        return LeafReader.read(node, pages.page(node));
    }

    /** Checks an inner page by reading it. */
    public static void checkPage(Node node, TreePages pages) throws IOException {
        if (Inner.read(node, pages.page(node)).size() < node.nodes().size()) {
            throw new DamagedException("a node names pages that its page does not list");
        }
    }
}
