package dev.lifeboat.internal.tree;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.pack.ChunkKind;
import dev.lifeboat.internal.pack.ChunkName;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Stores long lists of slices as pages of their own, so that an entry stays small regardless of the length of its
 * content. The boundaries of pages depend on the names of chunks, so a change in the middle leaves the other pages
 * unchanged.
 */
public final class SliceLists {
    /** More levels than the longest content needs, with 256 slices a page at each level. */
    public static final int MAX_DEPTH = 8;

    private static final int MAX_INLINE = 32;
    private static final int MIN_PAGE = 256;
    private static final int MAX_PAGE = 2048;
    private static final int CUT_MASK = 0xff;

    private SliceLists() {}

    /** A list that is short enough for an entry, and its depth. */
    public record Shortened(List<Slice> slices, int depth) {}

    /** Stores pages of slices until the list of pages is short. */
    public static Shortened shorten(List<Slice> slices, TreeStore store) throws IOException {
        List<Slice> list = slices;
        int depth = 0;
        while (list.size() > MAX_INLINE) {
            List<Slice> above = new ArrayList<>();
            int start = 0;
            for (int i = 0; i < list.size(); i++) {
                boolean cut = i - start >= MIN_PAGE && (list.get(i).chunk().bytes()[31] & CUT_MASK) == 0;
                if (cut || i - start == MAX_PAGE || i == list.size() - 1) {
                    above.add(page(list.subList(start, i + 1), depth, store));
                    start = i + 1;
                }
            }
            list = above;
            depth++;
        }
        return new Shortened(list, depth);
    }

    private static Slice page(List<Slice> slices, int depth, TreeStore store) throws IOException {
        Column page = new Column();
        Names names = new Names();
        page.varint(depth);
        page.varint(slices.size());
        long total = 0;
        for (Slice slice : slices) {
            page.varint(names.number(slice.chunk()));
            page.varint(slice.offset());
            page.varint(slice.length());
            total += slice.length();
        }
        ChunkName pageName = store.put(ChunkKind.PAGE, page.toByteArray());
        Node node = new Node(
                Node.SLICES, pageName, depth > 0 ? names.list() : List.of(), depth > 0 ? List.of() : names.list());
        return new Slice(store.put(ChunkKind.NODE, node.toBytes()), 0, total);
    }

    /** Returns whether all nodes, pages and chunks of content pass a test. */
    public static boolean isStored(FileContent content, TreePages pages, Predicate<ChunkName> test) throws IOException {
        Deque<ChunkName> nodes = new ArrayDeque<>();
        for (Slice slice : content.slices()) {
            if (!test.test(slice.chunk())) {
                return false;
            }
            if (content.depth() > 0) {
                nodes.add(slice.chunk());
            }
        }
        Set<ChunkName> seen = new HashSet<>();
        for (ChunkName name; (name = nodes.poll()) != null; ) {
            if (!seen.add(name)) {
                continue;
            }
            Node node = pages.node(name);
            boolean stored = test.test(node.page())
                    && node.nodes().stream().allMatch(test)
                    && node.data().stream().allMatch(test);
            if (!stored) {
                return false;
            }
            nodes.addAll(node.nodes());
        }
        return true;
    }

    /**
     * Iterates over the slices of content and reads pages as it reaches them. Failures are thrown by {@link Walk#next}.
     */
    public static Walk walk(FileContent content, TreePages pages) {
        return new Walk(content, pages);
    }

    /** The slices of content in order. Not thread-safe. */
    public static final class Walk {
        private final TreePages pages;
        private final List<Iterator<Slice>> levels = new ArrayList<>();
        private final int depth;

        private Walk(FileContent content, TreePages pages) {
            this.pages = pages;
            this.depth = content.depth();
            levels.add(content.slices().iterator());
        }

        /** Returns whether there is another slice. */
        public boolean hasNext() {
            // A page is never empty.
            return levels.stream().anyMatch(Iterator::hasNext);
        }

        /** Returns the next slice. */
        public Slice next() throws IOException {
            while (!levels.isEmpty()) {
                Iterator<Slice> top = levels.get(levels.size() - 1);
                if (!top.hasNext()) {
                    levels.remove(levels.size() - 1);
                } else if (levels.size() == depth + 1) {
                    return top.next();
                } else {
                    levels.add(open(top.next(), depth - levels.size()));
                }
            }
            throw new NoSuchElementException();
        }

        private Iterator<Slice> open(Slice slice, int expectedDepth) throws IOException {
            Node node = pages.node(slice.chunk());
            byte[] page = pages.page(node);
            ColumnReader in = new ColumnReader(page, 0, page.length);
            int actual = in.size();
            if (node.level() != Node.SLICES || actual != expectedDepth) {
                throw new DamagedException("a page of slices is of depth " + actual + ", expected " + expectedDepth);
            }
            List<Slice> slices = LeafReader.slices(in, actual, node);
            if (slices.isEmpty() || slices.stream().mapToLong(Slice::length).sum() != slice.length()) {
                throw new DamagedException("the slices of a page do not add up to the expected length");
            }
            return slices.iterator();
        }
    }
}
