package dev.lifeboat.format.tar;

import com.github.luben.zstd.ZstdOutputStream;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.tar.TarEntryWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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
        private final TarEntryWriter writer;
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
            writer = TarEntryWriter.posix(out, request);
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

        @Override
        public boolean requiresInlineContent() {
            return writer.requiresInlineContent();
        }

        @Override
        public boolean offer(Entry entry) throws IOException {
            return writer.offer(entry);
        }

        @Override
        public void content(Entry entry, InputStream in) throws IOException {
            writer.content(entry, in);
        }

        @Override
        public void report(Problem problem) {
            writer.report(problem);
        }

        @Override
        public void commit() throws IOException {
            writer.finish();
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
