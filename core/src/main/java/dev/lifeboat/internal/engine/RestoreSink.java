package dev.lifeboat.internal.engine;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicLong;

/** Passes entries from an archive to a target; moves a subtree to the root and counts entries. */
public final class RestoreSink implements EntrySink {
    private final EntrySink target;
    private final ProgressTracker events;
    private final EntryPath subtree;
    private final AtomicLong entries;

    public RestoreSink(EntrySink target, ProgressTracker events, EntryPath subtree, AtomicLong entries) {
        this.target = target;
        this.events = events;
        this.subtree = subtree;
        this.entries = entries;
    }

    /** Returns an entry relative to an ancestor. A hard link whose target lies outside becomes a file. */
    public static Entry seenFrom(EntryPath ancestor, Entry entry) {
        boolean linksOutside =
                entry.type() == EntryType.HARD_LINK && !entry.hardLinkTarget().startsWith(ancestor);
        return linksOutside
                ? Entry.fileOfUnknownSize(entry.path().relativeTo(ancestor), entry.attributes())
                : entry.relativeTo(ancestor);
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        Io.checkInterrupt();
        entries.incrementAndGet();
        events.entry(entry.path());
        if (subtree.isRoot()) {
            return target.offer(entry);
        }
        if (entry.path().equals(subtree) && entry.type() != EntryType.DIRECTORY) {
            throw new IOException(
                    "'" + subtree + "' is no directory but a " + entry.type() + "; select it with only(..)");
        }
        return target.offer(seenFrom(subtree, entry));
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        Entry seen = subtree.isRoot() ? entry : seenFrom(subtree, entry);
        target.content(seen, CountingInputStream.of(in, n -> {
            events.addStored(n);
            events.read(n);
        }));
    }

    @Override
    public boolean requiresInlineContent() {
        return target.requiresInlineContent();
    }

    @Override
    public void report(Problem problem) throws IOException {
        EntryPath path = problem.path().startsWith(subtree) ? problem.path().relativeTo(subtree) : problem.path();
        target.report(new Problem(path, problem.kind(), problem.detail()));
    }
}
