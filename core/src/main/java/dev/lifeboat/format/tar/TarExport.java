package dev.lifeboat.format.tar;

import com.github.luben.zstd.ZstdOutputStream;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.tar.TarHeaders;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.Set;
import java.util.zip.GZIPOutputStream;

/**
 * Exports a snapshot of any format, or a part of one, as a tar that any {@code tar} can open, with extended
 * attributes and holes:
 *
 * <pre>{@code
 * repo.restore(snapshot).subtree(EntryPath.of("volumes/db/data")).to(TarExport.to(Path.of("db.tar"))).run();
 * }</pre>
 *
 * <p>A file whose content is lost is reported, and zeros are written in its place. Immutable.
 */
public final class TarExport implements RestoreTarget {
    private final Path file;
    private final Compressor compressor;

    private TarExport(Path file, Compressor compressor) {
        this.file = file;
        this.compressor = compressor;
    }

    /** Compresses a tar. */
    private interface Compressor {
        OutputStream compress(OutputStream out) throws IOException;
    }

    /** Returns a target that writes a file. An existing file is replaced when the tar is complete. */
    public static TarExport to(Path file) {
        return new TarExport(file, out -> out);
    }

    /**
     * Returns a target that compresses the tar.
     *
     * @param compression {@code gzip}, {@code zstd}, or with {@code lifeboat-archives} also {@code bzip2}, {@code xz}
     *     or {@code lz4}
     * @throws IllegalArgumentException if there is no such compression
     */
    public TarExport compressed(String compression) {
        return switch (compression) {
            case "gzip" -> new TarExport(file, out -> new GZIPOutputStream(out, 1 << 16));
            case "zstd" -> new TarExport(file, ZstdOutputStream::new);
            default -> {
                TarCompression found = TarCompression.installed().stream()
                        .filter(installed -> installed.name().equals(compression))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("there is no compression '" + compression
                                + "': there are gzip and zstd, and bzip2, xz and lz4 if lifeboat-archives is on the class"
                                + " path or module path"));
                yield new TarExport(file, found::compress);
            }
        };
    }

    @Override
    public String location() {
        return file.toAbsolutePath().normalize().toString();
    }

    @Override
    public Session begin(RestoreRequest request) throws IOException {
        return new Export(request);
    }

    @Override
    public String toString() {
        return location();
    }

    private final class Export implements Session {
        private final RestoreRequest request;
        private final Path temp;
        private final OutputStream out;
        private final Set<EntryPath> missing = new HashSet<>();
        private boolean committed;

        Export(RestoreRequest request) throws IOException {
            this.request = request;
            if (request.dryRun()) {
                temp = file;
                out = OutputStream.nullOutputStream();
            } else {
                Path absolute = file.toAbsolutePath();
                temp = absolute.resolveSibling("." + absolute.getFileName() + ".lifeboat-tmp");
                out = open(temp);
            }
        }

        private OutputStream open(Path path) throws IOException {
            OutputStream plain = new BufferedOutputStream(Files.newOutputStream(path), 1 << 16);
            boolean opened = false;
            try {
                OutputStream compressed = new BufferedOutputStream(compressor.compress(plain), 1 << 16);
                opened = true;
                return compressed;
            } finally {
                if (!opened) {
                    plain.close();
                    Files.deleteIfExists(path);
                }
            }
        }

        /** Returns true, since a tar is written sequentially. */
        @Override
        public boolean requiresInlineContent() {
            return true;
        }

        @Override
        public boolean offer(Entry entry) throws IOException {
            request.listener().changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
            if (entry.isFile()) {
                missing.add(entry.path());
                return !request.dryRun();
            }
            if (entry.type() == EntryType.HARD_LINK && missing.contains(entry.hardLinkTarget()) && !request.dryRun()) {
                request.listener()
                        .problem(new Problem(
                                entry.path(),
                                Problem.Kind.FAILED,
                                "'" + entry.hardLinkTarget() + "', its link target, was not exported"));
                return false;
            }
            out.write(TarHeaders.of(entry, 0));
            return false;
        }

        @Override
        public void content(Entry entry, InputStream in) throws IOException {
            boolean whole = false;
            long size = entry.size().orElseThrow();
            long left;
            if (in instanceof SparseInputStream sparse && sparse.map().hasHoles()) {
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

        @Override
        public void report(Problem problem) {
            request.listener().problem(problem);
        }

        @Override
        public void commit() throws IOException {
            out.write(TarHeaders.endOfArchive());
            out.close();
            if (!request.dryRun()) {
                Files.move(temp, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            }
            committed = true;
        }

        @Override
        public void close() throws IOException {
            if (committed) {
                return;
            }
            try {
                out.close();
            } finally {
                // Also if the disk is full, and what is buffered cannot be written.
                if (!request.dryRun()) {
                    Files.deleteIfExists(temp);
                }
            }
        }
    }
}
