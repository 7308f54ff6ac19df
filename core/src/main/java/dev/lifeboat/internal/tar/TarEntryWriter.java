package dev.lifeboat.internal.tar;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/**
 * Writes entries as the members of a tar. A file whose content is lost is reported by its reader, and zeros are written
 * in its place. Not thread-safe.
 */
public final class TarEntryWriter implements EntrySink {
    private final OutputStream out;
    private final RestoreRequest request;
    private final boolean plain;
    private final Set<EntryPath> missing = new HashSet<>();
    private final Deque<Entry> directories = new ArrayDeque<>();

    private TarEntryWriter(OutputStream out, RestoreRequest request, boolean plain) {
        this.out = out;
        this.request = request;
        this.plain = plain;
    }

    /**
     * Writes for GNU tar: pax headers with extended attributes, and holes.
     *
     * @param out is not closed
     */
    public static TarEntryWriter posix(OutputStream out, RestoreRequest request) {
        return new TarEntryWriter(out, request, false);
    }

    /**
     * Writes for a tar that does not read pax headers, such as that of busybox: long names as GNU tar had them first,
     * no holes.
     *
     * @param out is not closed
     */
    public static TarEntryWriter plain(OutputStream out, RestoreRequest request) {
        return new TarEntryWriter(out, request, true);
    }

    /** Returns true, since a tar is written sequentially. */
    @Override
    public boolean requiresInlineContent() {
        return true;
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        request.listener().changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
        if (request.dryRun()) {
            return false;
        }
        if (entry.isFile()) {
            missing.add(entry.path());
            return true;
        }
        if (entry.type() == EntryType.HARD_LINK && missing.contains(entry.hardLinkTarget())) {
            request.listener()
                    .problem(new Problem(
                            entry.path(),
                            Problem.Kind.FAILED,
                            "'" + entry.hardLinkTarget() + "', its link target, was not exported"));
            return false;
        }
        if (plain && entry.type() == EntryType.DIRECTORY) {
            directories.push(entry);
        }
        writeLongNames(entry);
        out.write(TarHeaders.of(entry, 0));
        return false;
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        boolean whole = false;
        long size = entry.size().orElseThrow();
        long left;
        writeLongNames(entry);
        if (!plain && in instanceof SparseInputStream sparse && sparse.map().hasHoles()) {
            SparseMap map = sparse.map();
            byte[] head = TarHeaders.sparseMap(map);
            out.write(TarHeaders.ofSparse(entry, map, head.length));
            out.write(head);
            size = head.length + map.dataBytes();
            left = map.dataBytes();
            in = sparse.data();
        } else {
            out.write(TarHeaders.of(entry, size));
            left = size;
        }
        try {
            byte[] buffer = new byte[Io.BUFFER_BYTES];
            for (int n; (n = in.read(buffer)) >= 0; left -= n) {
                Io.checkInterrupt();
                if (n > left) {
                    throw new IOException("content is longer than its entry declares");
                }
                out.write(buffer, 0, n);
            }
            whole = left == 0;
        } finally {
            // Pads the member even if content is lost, so that the next one begins at the right offset.
            byte[] zeros = new byte[Io.BUFFER_BYTES];
            for (; left > 0; left -= Math.min(left, zeros.length)) {
                out.write(zeros, 0, (int) Math.min(left, zeros.length));
            }
            out.write(new byte[TarHeaders.padding(size)]);
        }
        if (whole) {
            missing.remove(entry.path());
        }
    }

    /** The members of type L and K of GNU tar, which come before the member. */
    private void writeLongNames(Entry entry) throws IOException {
        if (!plain) {
            return;
        }
        byte[] path = entry.path().toByteArray();
        if (path.length > 99) {
            longName('L', path);
        }
        byte[] link = entry.link().map(target -> target.toByteArray()).orElse(new byte[0]);
        if (link.length > 99) {
            longName('K', link);
        }
    }

    private void longName(char type, byte[] name) throws IOException {
        out.write(TarHeaders.longName(type, name.length + 1));
        out.write(Arrays.copyOf(name, name.length + 1 + TarHeaders.padding(name.length + 1)));
    }

    @Override
    public void report(Problem problem) {
        request.listener().problem(problem);
    }

    /** Writes the end of the tar; before it directories again, since some readers set their time before their files. */
    public void finish() throws IOException {
        for (Entry directory : directories) {
            writeLongNames(directory);
            out.write(TarHeaders.of(directory, 0));
        }
        out.write(TarHeaders.endOfArchive());
    }
}
