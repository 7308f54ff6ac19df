package dev.lifeboat.format.chunked;

import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.tree.Slice;
import dev.lifeboat.internal.tree.SliceLists;
import dev.lifeboat.internal.tree.TreeStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The chunks of a file that is cut, which arrive in any order. The last one completes the file. Thread-safe. */
final class LongFile {
    private final List<@Nullable Slice> slices = new ArrayList<>();
    private final TreeStore store;
    private final OnComplete onComplete;
    private int missing;
    private boolean ended;

    /** Receives the content when it is complete. */
    @FunctionalInterface
    interface OnComplete {
        void complete(SliceLists.Shortened slices) throws IOException;
    }

    LongFile(TreeStore store, OnComplete onComplete) {
        this.store = store;
        this.onComplete = onComplete;
    }

    /** Reserves the place of the next chunk. */
    synchronized Cutter.OnPiece next() {
        int number = slices.size();
        slices.add(null);
        missing++;
        return (chunk, offset, length, name) -> stored(number, chunk, offset, length);
    }

    private void stored(int number, ChunkName chunk, int offset, int length) throws IOException {
        synchronized (this) {
            slices.set(number, new Slice(chunk, offset, length));
            missing--;
        }
        completeIfWhole();
    }

    /** Marks that there are no more chunks. */
    void end() throws IOException {
        synchronized (this) {
            ended = true;
        }
        completeIfWhole();
    }

    private void completeIfWhole() throws IOException {
        List<Slice> all = new ArrayList<>();
        synchronized (this) {
            if (!ended || missing > 0) {
                return;
            }
            for (Slice slice : slices) {
                if (slice != null) {
                    all.add(slice);
                }
            }
            ended = false;
        }
        onComplete.complete(SliceLists.shorten(all, store));
    }
}
