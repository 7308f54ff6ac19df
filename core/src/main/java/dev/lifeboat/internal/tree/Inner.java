package dev.lifeboat.internal.tree;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.pack.ChunkKind;
import dev.lifeboat.internal.pack.ChunkName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** An inner page, which lists pages, while it is written. See docs/FORMAT.md, section 11. Not thread-safe. */
final class Inner {
    private final int level;
    private final List<Child> children = new ArrayList<>();

    /**
     * A page one level below.
     *
     * @param first path in it
     * @param entries in it and below
     */
    record Child(EntryPath first, long entries, ChunkName node) {}

    Inner(int level) {
        this.level = level;
    }

    int count() {
        return children.size();
    }

    ChunkName only() {
        return children.get(0).node();
    }

    void add(Child child) {
        children.add(child);
    }

    Child store(TreeStore store) throws IOException {
        Column paths = new Column();
        Column counts = new Column();
        Column numbers = new Column();
        Names names = new Names();
        byte[] last = new byte[0];
        long entries = 0;
        for (Child child : children) {
            last = PathColumn.write(paths, last, child.first());
            counts.varint(child.entries());
            numbers.varint(names.number(child.node()));
            entries += child.entries();
        }
        ChunkName page = store.put(ChunkKind.PAGE, Column.join(paths, counts, numbers));
        Node node = new Node(level, page, names.list(), List.of());
        return new Child(children.get(0).first(), entries, store.put(ChunkKind.NODE, node.toBytes()));
    }

    static List<Child> read(Node node, byte[] page) throws DamagedException {
        ColumnReader[] columns = ColumnReader.split(page, 3);
        List<Child> children = new ArrayList<>();
        byte[] last = new byte[0];
        while (columns[1].remaining() > 0) {
            last = PathColumn.read(columns[0], last);
            EntryPath first = PathColumn.path(last);
            if (!children.isEmpty() && children.get(children.size() - 1).first().compareTo(first) >= 0) {
                throw new DamagedException("in an inner page '" + first + "' is out of order");
            }
            long entries = columns[1].length();
            if (entries == 0) {
                throw new DamagedException("an inner page lists an empty page");
            }
            children.add(new Child(first, entries, node.node(columns[2].size())));
        }
        if (children.isEmpty()) {
            throw new DamagedException("an inner page is empty");
        }
        return children;
    }
}
