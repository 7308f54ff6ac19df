package dev.lifeboat.archives;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Io;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * A zip archive of another program as a source. What its central directory lists counts. Permissions and symbolic links
 * are read where a program for Unix has written it; owners are not in a zip and become 0.
 *
 * <p>An archive with a name that leads out of it is refused as a whole. Of several members with one name the last
 * counts, and the others are reported. Each file is verified by its length and its checksum: one that is longer than
 * the archive says is not read further. Files of a few kilobytes may say that they hold terabytes; where an archive is
 * not trusted, {@link #limit} bounds what is read of it.
 *
 * <p>Immutable. Each method that changes an option returns a copy.
 */
@CheckReturnValue
public final class ZipSource implements SnapshotSource {
    private static final int MAX_LINK_BYTES = 4096;
    private static final int FILE_MODE = 0644;
    private static final int DIRECTORY_MODE = 0755;

    private final Path file;
    private final Optional<String> name;
    private final long limit;

    private ZipSource(Path file, Optional<String> name, long limit) {
        this.file = file;
        this.name = name;
        this.limit = limit;
    }

    /** Returns a source for a zip archive. The name of its series is {@code zip:} and its absolute path. */
    public static ZipSource of(Path file) {
        return new ZipSource(file, Optional.empty(), Long.MAX_VALUE);
    }

    @Override
    public ZipSource named(String newName) {
        return new ZipSource(file, Optional.of(newName), limit);
    }

    /**
     * Refuses an archive whose files have more bytes than this together.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public ZipSource limit(long bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("the limit is not positive: " + bytes);
        }
        return new ZipSource(file, name, bytes);
    }

    @Override
    public String name() {
        return name.orElseGet(() -> "zip:" + file.toAbsolutePath().normalize());
    }

    /**
     * {@inheritDoc}
     *
     * @throws DamagedException if the file is not a zip archive, is truncated or damaged, or has a name that leads out
     *     of it
     * @throws UnsupportedVersionException if it is encrypted, or compressed in an unknown way
     */
    @Override
    public void sendTo(EntrySink sink) throws IOException {
        if (Files.notExists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        try (ZipFile zip = ZipFile.builder().setPath(file).get()) {
            for (Map.Entry<EntryPath, ZipArchiveEntry> member :
                    members(zip, sink).entrySet()) {
                Io.checkInterrupt();
                Entry entry = entry(zip, member.getKey(), member.getValue());
                if (sink.offer(entry)) {
                    try (InputStream in = new Verified(zip.getInputStream(member.getValue()), member.getValue())) {
                        sink.content(entry, in);
                    }
                }
            }
        } catch (DamagedException | UnsupportedVersionException | NoSuchFileException | FileNotFoundException e) {
            throw e;
        } catch (java.util.zip.ZipException | java.io.EOFException | RuntimeException e) {
            throw new DamagedException(file + " is not a zip archive, or is damaged: " + e.getMessage(), e);
        }
    }

    private NavigableMap<EntryPath, ZipArchiveEntry> members(ZipFile zip, EntrySink sink) throws IOException {
        NavigableMap<EntryPath, ZipArchiveEntry> members = new TreeMap<>();
        long total = 0;
        for (ZipArchiveEntry member : Collections.list(zip.getEntries())) {
            if (member.getGeneralPurposeBit().usesEncryption()) {
                throw new UnsupportedVersionException(file + " is encrypted, which is not supported; decrypt it first");
            }
            Optional<EntryPath> path = path(member);
            if (path.isEmpty()) {
                continue;
            }
            if (!zip.canReadEntryData(member)) {
                throw new UnsupportedVersionException(file + " has '" + path.get() + "' compressed with method "
                        + member.getMethod() + ", which is not supported");
            }
            total += Math.max(0, member.getSize());
            if (total > limit || total < 0) {
                throw new IOException(file + " has over " + limit + " bytes after decompression, which is its limit; if"
                        + " it is trusted, set a higher limit(..)");
            }
            if (members.put(path.get(), member) != null) {
                sink.report(new Problem(
                        path.get(), Problem.Kind.DEGRADED, "is in the archive more than once; the last one is taken"));
            }
        }
        for (EntryPath path : members.keySet()) {
            checkParents(members, path);
        }
        return members;
    }

    /** A file that is also a directory cannot be stored, and a link may lead elsewhere. */
    private void checkParents(Map<EntryPath, ZipArchiveEntry> members, EntryPath path) throws IOException {
        for (EntryPath parent = path; !parent.isRoot(); ) {
            parent = parent.parent();
            ZipArchiveEntry above = parent.isRoot() ? null : members.get(parent);
            if (above != null && !above.isDirectory()) {
                throw new DamagedException(
                        file + " has '" + path + "' below '" + parent + "', which is not a directory");
            }
        }
    }

    private Optional<EntryPath> path(ZipArchiveEntry member) throws IOException {
        String text = member.getName();
        while (text.startsWith("./")) {
            text = text.substring(2);
        }
        if (text.endsWith("/")) {
            text = text.substring(0, text.length() - 1);
        }
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(EntryPath.of(text));
        } catch (IllegalArgumentException e) {
            throw new DamagedException(file + " has a name that no file in it may have: " + e.getMessage(), e);
        }
    }

    private Entry entry(ZipFile zip, EntryPath path, ZipArchiveEntry member) throws IOException {
        Instant modified = member.getLastModifiedTime() == null
                ? Instant.EPOCH
                : member.getLastModifiedTime().toInstant();
        int unix = member.getUnixMode() & 07777;
        if (member.isUnixSymlink()) {
            if (member.getSize() > MAX_LINK_BYTES) {
                throw new DamagedException(
                        file + " has the symbolic link '" + path + "' with a target of " + member.getSize() + " bytes");
            }
            byte[] target;
            try (InputStream in = new Verified(zip.getInputStream(member), member)) {
                target = in.readAllBytes();
            }
            if (target.length == 0) {
                throw new DamagedException(file + " has the symbolic link '" + path + "' without a target");
            }
            return Entry.symlink(path, ByteString.of(target), Attributes.of(0777, 0, 0, modified));
        }
        if (member.isDirectory()) {
            return Entry.directory(path, Attributes.of(unix == 0 ? DIRECTORY_MODE : unix, 0, 0, modified));
        }
        if (member.getSize() < 0) {
            throw new DamagedException(file + " does not say how long '" + path + "' is");
        }
        return Entry.file(path, member.getSize(), Attributes.of(unix == 0 ? FILE_MODE : unix, 0, 0, modified));
    }

    /** A member that has to have the length and the checksum that the archive says. */
    private final class Verified extends BulkInputStream {
        private final InputStream in;
        private final ZipArchiveEntry member;
        private final CRC32 crc = new CRC32();
        private long at;

        Verified(InputStream in, ZipArchiveEntry member) {
            this.in = in;
            this.member = member;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            int n;
            try {
                n = in.read(b, off, len);
            } catch (IOException | RuntimeException e) {
                throw new DamagedException(file + " is damaged in '" + member.getName() + "': " + e.getMessage(), e);
            }
            if (n > 0) {
                at += n;
                crc.update(b, off, n);
            }
            boolean wrong =
                    at > member.getSize() || n < 0 && (at != member.getSize() || crc.getValue() != member.getCrc());
            if (wrong) {
                throw new DamagedException(
                        file + " has '" + member.getName() + "' with another length or checksum than it says");
            }
            return n;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    /** The kinds of entries that a zip can hold. */
    static boolean holds(EntryType type) {
        return type == EntryType.FILE || type == EntryType.DIRECTORY || type == EntryType.SYMLINK;
    }

    @Override
    public String toString() {
        return name();
    }
}
