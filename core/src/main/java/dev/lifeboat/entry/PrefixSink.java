package dev.lifeboat.entry;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** Forwards every entry to another sink, below a directory of that sink. */
public class PrefixSink extends ForwardingEntrySink {
    private final EntryPath prefix;

    /** Creates a sink that puts every entry below {@code prefix}. */
    public PrefixSink(EntrySink sink, EntryPath prefix) {
        super(sink);
        this.prefix = prefix;
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        return super.offer(entry.below(prefix));
    }

    @Override
    public Optional<Entry> unchanged(EntryPath path, String fingerprint) throws IOException {
        return delegateUnchanged(prefix.resolve(path), fingerprint).map(entry -> entry.relativeTo(prefix));
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        super.content(entry.below(prefix), in);
    }

    @Override
    public void report(Problem problem) throws IOException {
        super.report(new Problem(prefix.resolve(problem.path()), problem.kind(), problem.detail()));
    }
}
