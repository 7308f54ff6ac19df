package dev.lifeboat.internal.engine;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.format.ArchiveWriter;
import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Passes entries from a source to an archive; checks their order, counts them and collects problems. */
public final class CaptureSink implements EntrySink {
    private final ArchiveWriter writer;
    private final ProgressTracker events;
    private final boolean strict;
    private final List<Path> repositoryDirectories;
    private @Nullable EntryPath last;

    /** Creates a sink that passes on to the archive of a repository in these directories. */
    public CaptureSink(ArchiveWriter writer, ProgressTracker events, boolean strict, List<Path> repositoryDirectories) {
        this.writer = writer;
        this.repositoryDirectories = repositoryDirectories;
        this.events = events;
        this.strict = strict;
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        Io.checkInterrupt();
        if (last != null && last.compareTo(entry.path()) >= 0) {
            throw new IOException(
                    "the source breaks its contract: it offers '" + entry.path() + "' after '" + last + "'");
        }
        last = entry.path();
        events.entry(entry.path());
        events.stored(writer.bytesStored());
        return writer.offer(entry);
    }

    @Override
    public Optional<Entry> unchanged(EntryPath path, String fingerprint) throws IOException {
        return writer.unchanged(path, fingerprint);
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        writer.content(entry, CountingInputStream.of(in, n -> {
            events.stored(writer.bytesStored());
            events.read(n);
        }));
    }

    @Override
    public List<Path> repositoryDirectories() {
        return repositoryDirectories;
    }

    @Override
    public void report(Problem problem) throws IOException {
        events.problem(problem);
        writer.report(problem);
        if (strict && problem.kind() != Problem.Kind.SKIPPED) {
            throw new IOException("'" + problem.path() + "' cannot be captured as it is, and the backup is strict: "
                    + problem.detail());
        }
    }
}
