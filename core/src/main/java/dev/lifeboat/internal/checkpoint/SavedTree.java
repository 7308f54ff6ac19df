package dev.lifeboat.internal.checkpoint;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.Stat;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * The state of a directory at one moment, with all metadata that Linux keeps. It is kept by this process only: the
 * names in memory, the content in a file without a name, so nothing is left if the process is killed. It takes some 400
 * bytes of heap for each name. Thread-safe.
 */
public final class SavedTree implements AutoCloseable {
    /** Beyond that, the clock of the file system has stopped. */
    private static final int MAX_TICKS = 3000;

    private final Path directory;
    private final List<Node> nodes;
    private final ContentStore store;
    private final Set<Node> unsettled;

    private SavedTree(Path directory, List<Node> nodes, ContentStore store, Set<Node> unsettled) {
        this.directory = directory;
        this.nodes = nodes;
        this.store = store;
        this.unsettled = unsettled;
    }

    /**
     * Saves a directory. No process should write to it meanwhile: {@link #isSettled} tells whether a file changed while
     * it was read.
     *
     * @throws IOException if something cannot be read, or there is no space for the copy; nothing is left behind
     */
    public static SavedTree save(Path directory) throws IOException {
        return save(directory, false);
    }

    /**
     * Saves a directory of which paused processes may have files mapped: their pages are written first, so that their
     * next change sets the time of the file.
     *
     * @throws IOException as {@link #save}, and if the file system is in memory only, where that does not happen
     */
    public static SavedTree saveInUse(Path directory) throws IOException {
        return save(directory, true);
    }

    private static SavedTree save(Path directory, boolean inUse) throws IOException {
        try (Dir root = Dir.open(directory)) {
            if (inUse) {
                LiveTree.checkOnDisk(root);
                root.syncFileSystem();
            }
            ContentStore store = ContentStore.create(root);
            boolean saved = false;
            try {
                TreeSaver saver = new TreeSaver(store);
                saver.save(root);
                SavedTree tree = new SavedTree(directory, List.copyOf(saver.nodes()), store, saver.unsettled());
                tree.awaitNextTick(tree.nodes.stream().map(node -> node.stat).toList());
                saved = true;
                return tree;
            } finally {
                if (!saved) {
                    store.close();
                }
            }
        }
    }

    /** Returns the directory as it was saved; what has changed since is found by the times of change. */
    public LiveTree origin() {
        LiveTree live = at(directory);
        for (Node node : nodes) {
            if (!unsettled.contains(node)) {
                live.record(node, node.stat);
            }
        }
        return live;
    }

    /** Returns another directory, whose content is unknown and which exists when it is set to this state. */
    public LiveTree at(Path other) {
        return new LiveTree(other, this);
    }

    /** Returns whether no file changed while it was read. */
    public boolean isSettled() {
        return unsettled.isEmpty();
    }

    /** Returns whether longer files share their blocks with the directory until one of the two is written to. */
    public boolean isShared() {
        return store.isShared();
    }

    /** Returns the number of names. */
    public int names() {
        return nodes.size() - 1;
    }

    /** Returns the bytes of content. */
    public long bytes() {
        return store.size();
    }

    List<Node> nodes() {
        return nodes;
    }

    ContentStore store() {
        return store;
    }

    /**
     * Waits until a change would get another time than those that were seen: file times advance in ticks of up to 10 ms
     * (linux CONFIG_HZ), or of seconds on old file systems. Without it, a file that changes again within the same tick
     * would look unchanged.
     */
    void awaitNextTick(List<Stat> seen) throws IOException {
        Instant last = Instant.MIN;
        for (Stat stat : seen) {
            last = stat.changed().isAfter(last) ? stat.changed() : last;
        }
        Instant now = store.touch().changed();
        for (int i = 0; i < MAX_TICKS && !now.isAfter(last); i++) {
            // A clock that was set back by more than a moment makes all later changes look older, not equal.
            if (last.getEpochSecond() > now.getEpochSecond() + 3) {
                return;
            }
            Io.sleep(1);
            now = store.touch().changed();
        }
    }

    /** Frees the memory and the space on disk. The trees that were made of it cannot be reset any more. */
    @Override
    public void close() {
        store.close();
    }
}
