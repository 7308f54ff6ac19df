package dev.lifeboat.internal.checkpoint;

import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.Stat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A directory that can be set to a saved state again and again. It remembers the inode and the time of change of each
 * name as of the last time, so that a reset looks into nothing else than what has changed since. One reset at a time.
 */
public final class LiveTree {
    private final Path directory;
    private final SavedTree saved;
    private final long[] inodes;
    private final long[] seconds;
    private final int[] nanos;

    LiveTree(Path directory, SavedTree saved) {
        this.directory = directory;
        this.saved = saved;
        int n = saved.nodes().size();
        this.inodes = new long[n];
        this.seconds = new long[n];
        this.nanos = new int[n];
    }

    void record(Node node, Stat stat) {
        inodes[node.index] = stat.inode();
        seconds[node.index] = stat.changed().getEpochSecond();
        nanos[node.index] = stat.changed().getNano();
    }

    /** What the name is of is unknown from here on. */
    void forget(Node node) {
        inodes[node.index] = 0;
        seconds[node.index] = 0;
        nanos[node.index] = 0;
    }

    /** Whether it is the inode that it was, whatever its time. */
    boolean isSameInode(Node node, Stat stat) {
        return inodes[node.index] == stat.inode();
    }

    boolean isKnown(Node node, Stat stat) {
        return isSameInode(node, stat)
                && seconds[node.index] == stat.changed().getEpochSecond()
                && nanos[node.index] == stat.changed().getNano();
    }

    boolean isUnchanged(Node node, Dir parent) {
        return parent.isUnchanged(node.name, inodes[node.index], seconds[node.index], nanos[node.index]);
    }

    /**
     * Sets the directory to the saved state: writes what differs, removes what is extra. No process may use it
     * meanwhile, unless it accepts that files change under it.
     *
     * @return what was done
     * @throws IOException if something cannot be read, written or removed. The directory is in between, then; another
     *     reset sets it back
     */
    public TreeReset reset() throws IOException {
        return reset(false);
    }

    /**
     * Sets the directory to the saved state while paused processes may have files of it mapped.
     *
     * @return what was done
     * @throws IOException as {@link #reset}, and if the file system is in memory only
     */
    public TreeReset resetInUse() throws IOException {
        return reset(true);
    }

    static void checkOnDisk(Dir root) throws IOException {
        if (root.isInMemory()) {
            throw new IOException("the file system of " + root.label()
                    + " is in memory, where changes of mapped files leave no trace; stop the processes that use it");
        }
    }

    private TreeReset reset(boolean inUse) throws IOException {
        long begun = System.nanoTime();
        AtomicReference<TreeReset> result = new AtomicReference<>();
        try (Dir root = Dir.open(directory)) {
            if (inUse) {
                checkOnDisk(root);
            }
            Work.start(new Work() {
                private static final long serialVersionUID = 1;

                @Override
                void run() throws IOException {
                    List<DirectoryChange> changes = new ArrayList<>(
                            TreeComparison.of(LiveTree.this, root, saved.nodes().get(0)));
                    long compared = System.nanoTime() - begun;
                    result.set(new TreeWriter(LiveTree.this, saved, root).write(changes, compared));
                }
            });
            if (inUse) {
                // Pages that are mapped are read-only afterwards, so that the next change of one sets the file's time.
                root.syncFileSystem();
            }
        }
        return Objects.requireNonNull(result.get());
    }
}
