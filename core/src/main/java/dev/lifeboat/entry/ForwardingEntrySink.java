package dev.lifeboat.entry;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A sink that forwards all calls to another sink; subclasses override methods to change the behavior. It is as
 * thread-safe as its delegate.
 */
public abstract class ForwardingEntrySink implements EntrySink {
    private final EntrySink delegate;

    /** Creates a sink that forwards to a delegate. */
    protected ForwardingEntrySink(EntrySink delegate) {
        this.delegate = delegate;
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        return delegate.offer(entry);
    }

    /**
     * Asks the delegate for an unchanged file. {@link #unchanged} does not: a sink that offers entries under other
     * paths has to ask for these.
     */
    protected final Optional<Entry> delegateUnchanged(EntryPath path, String fingerprint) throws IOException {
        return delegate.unchanged(path, fingerprint);
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
    public List<Path> repositoryDirectories() {
        return delegate.repositoryDirectories();
    }

    @Override
    public void report(Problem problem) throws IOException {
        delegate.report(problem);
    }
}
