package dev.lifeboat.internal.tree;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.pack.ChunkName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Lists what a page refers to. Nodes are all that is needed to find what a snapshot refers to, so that takes no read
 * right.
 *
 * @param level 0 above entries, n above nodes of level n - 1; {@link #SLICES} above slices
 * @param page the page that the node belongs to
 * @param nodes that the page refers to
 * @param data chunks of content that the page refers to
 */
public record Node(int level, ChunkName page, List<ChunkName> nodes, List<ChunkName> data) {
    /** The level of a node above a list of slices. */
    public static final int SLICES = 255;

    public Node {
        nodes = List.copyOf(nodes);
        data = List.copyOf(data);
    }

    /** Returns a node by its number. */
    ChunkName node(int number) throws DamagedException {
        return name(nodes, number);
    }

    /** Returns a chunk of content by its number. */
    ChunkName data(int number) throws DamagedException {
        return name(data, number);
    }

    private static ChunkName name(List<ChunkName> names, int number) throws DamagedException {
        if (number < 0 || number >= names.size()) {
            throw new DamagedException("a page refers to name " + number + " of " + names.size());
        }
        return names.get(number);
    }

    byte[] toBytes() {
        Column out = new Column();
        out.put((byte) level);
        out.varint(nodes.size());
        out.varint(data.size());
        out.bytes(page.bytes());
        nodes.forEach(name -> out.bytes(name.bytes()));
        data.forEach(name -> out.bytes(name.bytes()));
        return out.toByteArray();
    }

    /** Parses an encoded node. */
    public static Node parse(byte[] bytes) throws IOException {
        ColumnReader in = new ColumnReader(bytes, 0, bytes.length);
        int level = in.next() & 0xff;
        long nodes = in.varint();
        long data = in.varint();
        long names = 1 + nodes + data;
        if (nodes < 0 || data < 0 || names < 0 || names * ChunkName.BYTES != in.remaining()) {
            throw new DamagedException("a node does not have the length that it declares");
        }
        ChunkName page = ChunkName.of(in.bytes(ChunkName.BYTES));
        List<ChunkName> nodeNames = new ArrayList<>();
        for (long i = 0; i < nodes; i++) {
            nodeNames.add(ChunkName.of(in.bytes(ChunkName.BYTES)));
        }
        List<ChunkName> dataNames = new ArrayList<>();
        for (long i = 0; i < data; i++) {
            dataNames.add(ChunkName.of(in.bytes(ChunkName.BYTES)));
        }
        return new Node(level, page, nodeNames, dataNames);
    }
}
