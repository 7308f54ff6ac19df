package dev.lifeboat.internal.engine;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.ForwardingEntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.io.BlockSums;
import dev.lifeboat.internal.io.HeapBudget;
import dev.lifeboat.internal.io.Holdable;
import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Passes a first pass over a running source to an archive. Its problems do not count: all is looked at again. */
public final class PreCopySink extends ForwardingEntrySink {
    private static final long MIN_SUMMED_BYTES = 1 << 20;

    private final ProgressTracker events;
    private final Map<EntryPath, BlockSums> sums = new ConcurrentHashMap<>();
    private final AtomicLong sumBytes = new AtomicLong(HeapBudget.blockSumBytes());

    private final List<Path> repositoryDirectories;

    /** Creates a sink that passes on to the archive of a repository in these directories. */
    public PreCopySink(EntrySink sink, ProgressTracker events, List<Path> repositoryDirectories) {
        super(sink);
        this.repositoryDirectories = repositoryDirectories;
        this.events = events;
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        Io.checkInterrupt();
        return super.offer(entry);
    }

    @Override
    public Optional<Entry> unchanged(EntryPath path, String fingerprint) throws IOException {
        return delegateUnchanged(path, fingerprint);
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        InputStream counted = CountingInputStream.of(in, events::read);
        boolean summed = in instanceof Holdable && entry.size().orElse(0) >= MIN_SUMMED_BYTES && sumBytes.get() > 0;
        super.content(entry, summed ? BlockSums.reading(counted, result -> keep(entry.path(), result)) : counted);
    }

    private void keep(EntryPath path, BlockSums result) {
        if (sumBytes.addAndGet(-8L * result.blocks()) >= 0) {
            sums.put(path, result);
        }
    }

    /** Returns the checksums of the blocks of a long file; null if there are none. */
    @Nullable
    BlockSums sums(EntryPath path) {
        return sums.get(path);
    }

    @Override
    public List<Path> repositoryDirectories() {
        return repositoryDirectories;
    }

    @Override
    public void report(Problem problem) {
        // What cannot be read is found again in the second pass.
    }
}
