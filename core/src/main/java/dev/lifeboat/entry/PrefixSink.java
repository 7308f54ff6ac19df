package dev.lifeboat.entry;

import java.io.IOException;
import java.io.InputStream;

/** Puts everything that it is offered below a directory of another sink. */
public class PrefixSink extends ForwardingEntrySink {
    private final EntryPath prefix;

    /** Puts everything below a directory of a sink. */
    public PrefixSink(EntrySink sink, EntryPath prefix) {
        super(sink);
        this.prefix = prefix;
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        return super.offer(entry.below(prefix));
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
