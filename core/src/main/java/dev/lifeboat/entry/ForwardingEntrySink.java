package dev.lifeboat.entry;

import java.io.IOException;
import java.io.InputStream;

/** A sink that passes everything on to another one; override what is to be different. As thread-safe as the other one. */
public abstract class ForwardingEntrySink implements EntrySink {
    private final EntrySink delegate;

    /** Passes on to a sink. */
    protected ForwardingEntrySink(EntrySink delegate) {
        this.delegate = delegate;
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        return delegate.offer(entry);
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        delegate.content(entry, in);
    }

    @Override
    public boolean requiresInlineContent() {
        return delegate.requiresInlineContent();
    }

    @Override
    public void report(Problem problem) throws IOException {
        delegate.report(problem);
    }
}
