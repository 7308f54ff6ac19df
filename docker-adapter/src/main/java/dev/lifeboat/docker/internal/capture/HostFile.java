package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.ForwardingEntrySink;
import dev.lifeboat.entry.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Objects;

/** Captures one file of the host with all of its attributes. */
final class HostFile {
    private HostFile() {}

    /** Sends a file, or what a symbolic link leads to, under another path. */
    static void send(EntrySink sink, Path file, EntryPath as) throws IOException {
        Path real = file.toRealPath();
        Path directory = Objects.requireNonNull(real.getParent(), "only the root has no parent");
        EntryPath name = EntryPath.of(directory.relativize(real).toString());
        DirectorySource.of(directory).excluding(path -> !path.equals(name)).sendTo(new ForwardingEntrySink(sink) {
            @Override
            public boolean offer(Entry entry) throws IOException {
                return !entry.path().isRoot() && super.offer(entry.withPath(as));
            }

            @Override
            public void content(Entry entry, InputStream in) throws IOException {
                super.content(entry.withPath(as), in);
            }

            @Override
            public void report(Problem problem) throws IOException {
                if (problem.path().equals(name)) {
                    super.report(new Problem(as, problem.kind(), problem.detail()));
                }
            }
        });
    }
}
