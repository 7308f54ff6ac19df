package dev.lifeboat.internal.checkpoint;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.Inode;
import dev.lifeboat.internal.posix.Metadata;
import dev.lifeboat.internal.posix.OpenFile;
import dev.lifeboat.internal.posix.Stat;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sets back what has changed in a tree. What is extra is removed first, so that there is space; then names are written,
 * directories in parallel; then hard links, which may point into other directories; directories get their metadata at
 * the end, since each change inside sets their time.
 */
final class TreeWriter {
    private final LiveTree tree;
    private final SavedTree saved;
    private final Dir root;
    private final Queue<Node> links = new ConcurrentLinkedQueue<>();
    private final Queue<Node> directories = new ConcurrentLinkedQueue<>();
    private final Queue<Stat> written = new ConcurrentLinkedQueue<>();
    private final AtomicLong changed = new AtomicLong();
    private final AtomicLong removed = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private final Queue<Problem> problems = new ConcurrentLinkedQueue<>();
    private final Set<Node> failed = ConcurrentHashMap.newKeySet();

    TreeWriter(LiveTree tree, SavedTree saved, Dir root) {
        this.tree = tree;
        this.saved = saved;
        this.root = root;
    }

    /** Sets the metadata of an inode; what cannot be set is noted. */
    private void apply(Node node, Inode inode) throws IOException {
        RestoreRequest.Listener listener = new RestoreRequest.Listener() {
            @Override
            public void changed(RestoreChange change) {}

            @Override
            public void problem(Problem problem) {
                problems.add(problem);
                failed.add(node);
            }
        };
        Metadata metadata = new Metadata(listener, true);
        metadata.apply(node.entry(), inode);
        metadata.reportOwners();
    }

    /** Work on a directory. */
    @FunctionalInterface
    private interface Step {
        void run(Dir dir, DirectoryChange change) throws IOException;
    }

    TreeReset write(List<DirectoryChange> changes, long comparedNanos) throws IOException {
        long begun = System.nanoTime();
        try {
            writeAll(changes);
        } finally {
            // The next reset looks at them again.
            failed.forEach(tree::forget);
        }
        if (!problems.isEmpty()) {
            throw new IOException(root.label() + " is not as it was: " + problems.size() + " problems, such as "
                    + problems.element().detail());
        }
        return new TreeReset(
                changed.get(),
                removed.get(),
                bytes.get(),
                Duration.ofNanos(comparedNanos),
                Duration.ofNanos(System.nanoTime() - begun));
    }

    private void writeAll(List<DirectoryChange> changes) throws IOException {
        forEach(changes, this::removeExtra);
        forEach(changes, (dir, change) -> {
            directories.add(change.directory());
            for (Node node : change.changed()) {
                restore(node, dir);
            }
        });
        link();
        finishDirectories();
        saved.awaitNextTick(List.copyOf(written));
    }

    private void forEach(List<DirectoryChange> changes, Step step) throws IOException {
        List<Work> parts = new ArrayList<>();
        for (DirectoryChange change : changes) {
            parts.add(new Work() {
                private static final long serialVersionUID = 1;

                @Override
                void run() throws IOException {
                    try (Dir dir = open(change.directory())) {
                        step.run(dir, change);
                    }
                }
            });
        }
        Work.all(parts);
    }

    /** Opens a directory from the root down, without following links. */
    private Dir open(Node directory) throws IOException {
        Dir dir = root.openDir(ByteString.utf8("."));
        for (ByteString name : directory.segments()) {
            try (Dir parent = dir) {
                dir = parent.openDir(name);
            }
        }
        return dir;
    }

    private Dir openParent(Node node) throws IOException {
        Node parent = node.parent;
        if (parent == null) {
            throw new IllegalStateException("the root has no parent");
        }
        return open(parent);
    }

    private void removeExtra(Dir dir, DirectoryChange change) throws IOException {
        for (ByteString name : change.extra()) {
            dir.removeTree(name);
            removed.incrementAndGet();
        }
    }

    private void restore(Node node, Dir dir) throws IOException {
        changed.incrementAndGet();
        Optional<Stat> there = dir.find(node.name);
        boolean hasOtherNames = there.isPresent() && there.get().links() > 1 && !node.isDirectory();
        if (node.first.isPresent() || node.shared || hasOtherNames) {
            links.add(node);
        }
        if (node.first.isPresent()) {
            return;
        }
        if (node.isDirectory()) {
            restoreDirectory(node, dir, there);
        } else if (node.stat.isFile()) {
            restoreFile(node, dir, there);
        } else {
            restoreSpecial(node, dir, there);
        }
    }

    private void restoreDirectory(Node node, Dir dir, Optional<Stat> there) throws IOException {
        if (there.isPresent() && !there.get().isDirectory()) {
            dir.unlink(node.name);
        }
        if (there.isEmpty() || !there.get().isDirectory()) {
            dir.makeDir(node.name);
        }
        directories.add(node);
        try (Dir made = dir.openDir(node.name)) {
            for (Node child : node.children) {
                restore(child, made);
            }
        }
    }

    /**
     * A file keeps its inode, unless the inode may have another name by now that has to be another file.
     */
    private void restoreFile(Node node, Dir dir, Optional<Stat> there) throws IOException {
        boolean keeps = there.isPresent()
                && there.get().isFile()
                && (there.get().links() == 1 || tree.isSameInode(node, there.get()));
        if (there.isPresent() && !keeps) {
            dir.removeTree(node.name);
        }
        try (OpenFile file = keeps ? dir.openForWriting(node.name) : dir.createFile(node.name)) {
            bytes.addAndGet(saved.store()
                    .restore(node.content, file, keeps ? file.stat().size() : 0));
            apply(node, file);
            record(node, file.stat());
        }
    }

    private void restoreSpecial(Node node, Dir dir, Optional<Stat> there) throws IOException {
        boolean same = there.isPresent()
                && there.get().type() == node.stat.type()
                && there.get().special().equals(node.stat.special())
                && (there.get().links() == 1 || tree.isSameInode(node, there.get()))
                && (node.link.isEmpty() || dir.readLink(node.name).equals(node.link.get()));
        if (!same) {
            if (there.isPresent()) {
                dir.removeTree(node.name);
            }
            switch (node.stat.type()) {
                case Stat.SYMLINK -> dir.makeSymlink(node.name, node.link.orElseThrow());
                case Stat.FIFO -> dir.makeFifo(node.name);
                case Stat.SOCKET -> dir.makeSocket(node.name);
                default -> dir.makeDevice(node.name, node.stat.type(), node.stat.special());
            }
        }
        // Overlayfs may have one inode for many whiteouts, whose time changes with each of them.
        if (!same || there.get().links() == 1 || !TreeSaver.isWhiteout(node.stat)) {
            try (Inode inode = dir.openInode(node.name)) {
                apply(node, inode);
            }
        }
        record(node, dir.find(node.name).orElseThrow());
    }

    private void record(Node node, Stat stat) {
        tree.record(node, stat);
        written.add(stat);
    }

    /**
     * Makes the other names of inodes. Each name that comes or goes changes the time of the inode, so all are recorded
     * afterwards.
     */
    private void link() throws IOException {
        Set<Node> firsts = new HashSet<>();
        for (Node node : links) {
            firsts.add(node.first.orElse(node));
            if (node.first.isPresent()) {
                link(node, node.first.get());
            }
        }
        if (firsts.isEmpty()) {
            return;
        }
        for (Node node : saved.nodes()) {
            if (firsts.contains(node.first.orElse(node)) && !node.isDirectory()) {
                try (Dir dir = openParent(node)) {
                    record(node, dir.find(node.name).orElseThrow());
                }
            }
        }
    }

    private void link(Node node, Node first) throws IOException {
        try (Dir dir = openParent(node);
                Dir target = openParent(first)) {
            Optional<Stat> there = dir.find(node.name);
            Stat wanted = target.find(first.name).orElseThrow();
            if (there.isPresent() && there.get().isSameInode(wanted)) {
                return;
            }
            if (there.isPresent()) {
                dir.removeTree(node.name);
            }
            dir.makeHardLink(node.name, target, first.name);
        }
    }

    private void finishDirectories() throws IOException {
        Collection<Node> all = new HashSet<>(directories);
        List<Node> deepestFirst = new ArrayList<>(all);
        deepestFirst.sort(Comparator.comparingInt((Node node) -> node.index).reversed());
        for (Node node : deepestFirst) {
            try (Dir dir = open(node)) {
                apply(node, dir);
                record(node, dir.stat());
            }
        }
    }
}
