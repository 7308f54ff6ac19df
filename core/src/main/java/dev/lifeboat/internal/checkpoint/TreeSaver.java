package dev.lifeboat.internal.checkpoint;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.DeviceNumber;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.OpenFile;
import dev.lifeboat.internal.posix.PosixException;
import dev.lifeboat.internal.posix.Stat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads a tree and adds its content to a store. On one thread. */
final class TreeSaver {
    private static final DeviceNumber WHITEOUT = new DeviceNumber(0, 0);
    /** Each level holds a descriptor and some of the stack. */
    private static final int MAX_DEPTH = 500;

    private final ContentStore store;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<Long, Node> linked = new HashMap<>();
    private final Set<Node> unsettled = new HashSet<>();

    TreeSaver(ContentStore store) {
        this.store = store;
    }

    /** All nodes, parents before their children. */
    List<Node> nodes() {
        return nodes;
    }

    /** Files that changed while they were read. */
    Set<Node> unsettled() {
        return unsettled;
    }

    void save(Dir root) throws IOException {
        Stat stat = root.stat();
        Node node = add(null, ByteString.utf8(""), stat, attributes(stat, root, null));
        children(node, root, stat.device(), 1);
    }

    private void children(Node parent, Dir dir, DeviceNumber device, int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw new IOException(dir.label() + " has more than " + MAX_DEPTH + " levels of directories");
        }
        Io.checkInterrupt();
        List<Node> children = new ArrayList<>();
        for (ByteString name : dir.names()) {
            try {
                Optional<Stat> found = dir.find(name);
                if (found.isPresent()) {
                    children.add(child(parent, dir, name, found.get(), device, depth));
                }
            } catch (PosixException e) {
                // Of a tree that is not quiesced, names may vanish.
                if (!e.isMissing()) {
                    throw e;
                }
            }
        }
        parent.children = List.copyOf(children);
    }

    private Node child(Node parent, Dir dir, ByteString name, Stat stat, DeviceNumber device, int depth)
            throws IOException {
        if (stat.isDirectory() && !stat.device().equals(device)) {
            throw new IOException("another file system is mounted at " + dir.label() + "/" + name
                    + ", and a checkpoint is of one file system");
        }
        Attributes attributes = attributes(stat, dir, name);
        Optional<Node> first = stat.isDirectory() || stat.links() == 1 || isWhiteout(stat)
                ? Optional.empty()
                : Optional.ofNullable(linked.get(stat.inode()));
        Optional<ByteString> link = stat.type() == Stat.SYMLINK ? Optional.of(dir.readLink(name)) : Optional.empty();
        Content content = stat.isFile() && first.isEmpty() ? content(dir, name, stat) : Content.EMPTY;
        Node node = add(parent, name, stat, attributes);
        node.first = first;
        node.link = link;
        node.content = content;
        if (first.isPresent()) {
            first.get().shared = true;
        } else if (!stat.isDirectory() && stat.links() > 1 && !isWhiteout(stat)) {
            linked.put(stat.inode(), node);
        }
        // The number of blocks changes when they are written.
        boolean settled = dir.isUnchanged(
                name,
                stat.inode(),
                stat.changed().getEpochSecond(),
                stat.changed().getNano());
        if (stat.isFile() && !settled) {
            unsettled.add(node);
        }
        if (stat.isDirectory()) {
            try (Dir child = dir.openDir(name)) {
                children(node, child, device, depth + 1);
            }
        }
        return node;
    }

    private Content content(Dir dir, ByteString name, Stat stat) throws IOException {
        if (stat.size() == 0) {
            return Content.EMPTY;
        }
        try (OpenFile file = dir.openFile(name)) {
            return store.add(file, stat);
        }
    }

    private Node add(@Nullable Node parent, ByteString name, Stat stat, Attributes attributes) {
        Node node = new Node(nodes.size(), parent, name, stat, attributes);
        nodes.add(node);
        return node;
    }

    /** Overlayfs gives all its whiteouts one inode; they are not names of one file. */
    static boolean isWhiteout(Stat stat) {
        return stat.type() == Stat.CHARACTER_DEVICE && stat.special().equals(WHITEOUT);
    }

    private static Attributes attributes(Stat stat, Dir dir, @Nullable ByteString name) throws PosixException {
        return new Attributes(
                stat.mode(), stat.uid(), stat.gid(), stat.modified(), name == null ? dir.xattrs() : dir.xattrs(name));
    }
}
