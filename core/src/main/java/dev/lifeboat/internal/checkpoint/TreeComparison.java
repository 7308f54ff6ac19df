package dev.lifeboat.internal.checkpoint;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.DeviceNumber;
import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.Errno;
import dev.lifeboat.internal.posix.PosixException;
import dev.lifeboat.internal.posix.Stat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Finds what has changed in a tree. A directory whose time of change is the same has the same names, so it is not read;
 * each file costs one system call, on several threads.
 */
final class TreeComparison {
    /** Names of a directory that one thread looks up. */
    private static final int NAMES_PER_TASK = 1024;

    private final LiveTree tree;
    private final DeviceNumber device;
    private final Queue<DirectoryChange> changes = new ConcurrentLinkedQueue<>();

    TreeComparison(LiveTree tree, DeviceNumber device) {
        this.tree = tree;
        this.device = device;
    }

    /** Compares a tree; runs as {@link Work}. */
    static List<DirectoryChange> of(LiveTree tree, Dir root, Node node) throws IOException {
        return new TreeComparison(tree, root.stat().device()).run(root, node);
    }

    private List<DirectoryChange> run(Dir root, Node node) throws IOException {
        compare(root, node);
        return List.copyOf(changes);
    }

    private void compare(Dir dir, Node node) throws IOException {
        Stat stat = dir.stat();
        if (!stat.device().equals(device)) {
            throw new IOException("another file system is mounted at " + dir.label()
                    + ", which was not there when the checkpoint was taken; unmount it");
        }
        boolean same = tree.isKnown(node, stat);
        List<ByteString> extra = same ? List.of() : extra(dir.names(), node.children);
        Queue<Node> changed = new ConcurrentLinkedQueue<>();
        List<Work> parts = new ArrayList<>();
        for (int from = 0; from < node.children.size(); from += NAMES_PER_TASK) {
            parts.add(new Names(
                    dir, node.children.subList(from, Math.min(node.children.size(), from + NAMES_PER_TASK)), changed));
        }
        Work.all(parts);
        if (!same || !changed.isEmpty()) {
            changes.add(new DirectoryChange(node, extra, List.copyOf(changed)));
        }
    }

    /** The names that are no children; both are sorted. */
    private static List<ByteString> extra(List<ByteString> names, List<Node> children) {
        List<ByteString> extra = new ArrayList<>();
        int at = 0;
        for (ByteString name : names) {
            while (at < children.size() && children.get(at).name.compareTo(name) < 0) {
                at++;
            }
            if (at == children.size() || !children.get(at).name.equals(name)) {
                extra.add(name);
            }
        }
        return extra;
    }

    /** Some names of a directory. */
    private final class Names extends Work {
        private static final long serialVersionUID = 1;

        private final transient Dir dir;
        private final transient List<Node> nodes;
        private final transient Queue<Node> changed;

        Names(Dir dir, List<Node> nodes, Queue<Node> changed) {
            this.dir = dir;
            this.nodes = nodes;
            this.changed = changed;
        }

        @Override
        void run() throws IOException {
            List<Work> directories = new ArrayList<>();
            for (Node node : nodes) {
                if (node.isDirectory()) {
                    directories.add(new Directory(dir, node, changed));
                } else if (!tree.isUnchanged(node, dir)) {
                    changed.add(node);
                }
            }
            Work.all(directories);
        }
    }

    /** A directory in another one. */
    private final class Directory extends Work {
        private static final long serialVersionUID = 1;

        private final transient Dir parent;
        private final transient Node node;
        private final transient Queue<Node> changed;

        Directory(Dir parent, Node node, Queue<Node> changed) {
            this.parent = parent;
            this.node = node;
            this.changed = changed;
        }

        @Override
        void run() throws IOException {
            Dir dir;
            try {
                dir = parent.openDir(node.name);
            } catch (PosixException e) {
                if (e.isMissing() || e.errno() == Errno.ELOOP) {
                    changed.add(node);
                    return;
                }
                throw e;
            }
            try (dir) {
                compare(dir, node);
            }
        }
    }
}
