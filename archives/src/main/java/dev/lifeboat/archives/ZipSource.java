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
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.ZipException;
import org.apache.commons.compress.archivers.zip.UnixStat;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;

/**
 * A zip archive of another program as a source. Only members that the central directory lists are read. Permissions and
 * symbolic links are read if a Unix program wrote the archive. Owners become 0.
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
    /** What DOS wrote names in. */
    private static final String CODE_PAGE = "IBM437";

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
        try (ZipFile zip = open()) {
            for (Map.Entry<EntryPath, ZipArchiveEntry> member :
                    members(zip, sink).entrySet()) {
                Io.checkInterrupt();
                Optional<Entry> entry = entry(zip, member.getKey(), member.getValue(), sink);
                if (entry.isPresent() && sink.offer(entry.get())) {
                    try (InputStream in = content(zip, member.getValue())) {
                        sink.content(entry.get(), in);
                    }
                }
            }
        }
    }

    private ZipFile open() throws IOException {
        try {
            return ZipFile.builder().setPath(file).get();
        } catch (ZipException | EOFException | RuntimeException e) {
            throw new DamagedException(file + " is not a zip archive, or is damaged: " + e.getMessage(), e);
        }
    }

    private InputStream content(ZipFile zip, ZipArchiveEntry member) throws IOException {
        try {
            return new Verified(zip.getInputStream(member), member);
        } catch (ZipException | EOFException | RuntimeException e) {
            throw damaged(member, e);
        }
    }

    private DamagedException damaged(ZipArchiveEntry member, Exception cause) {
        return new DamagedException(file + " is damaged in '" + member.getName() + "': " + cause.getMessage(), cause);
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
            if (above != null && (above.isUnixSymlink() || !isDirectory(above))) {
                throw new DamagedException(
                        file + " has '" + path + "' below '" + parent + "', which is not a directory");
            }
        }
    }

    private Optional<EntryPath> path(ZipArchiveEntry member) throws IOException {
        byte[] name = name(member);
        int from = 0;
        int to = name.length;
        while (to - from > 1 && name[from] == '.' && name[from + 1] == '/') {
            from += 2;
        }
        if (to > from && name[to - 1] == '/') {
            to--;
        }
        if (to == from) {
            return Optional.empty();
        }
        try {
            return Optional.of(EntryPath.of(Arrays.copyOfRange(name, from, to)));
        } catch (IllegalArgumentException e) {
            throw new DamagedException(file + " has a name that no file in it may have: " + e.getMessage(), e);
        }
    }

    /**
     * Names are UTF-8 if the member says so. If not, programs for Unix write the bytes of the file system, and others
     * code page 437: APPNOTE.TXT, appendix D.
     */
    private static byte[] name(ZipArchiveEntry member) {
        byte[] raw = member.getRawName();
        boolean decoded = raw == null
                || member.getNameSource() != ZipArchiveEntry.NameSource.NAME
                || member.getGeneralPurposeBit().usesUTF8ForNames();
        if (decoded) {
            return member.getName().getBytes(StandardCharsets.UTF_8);
        }
        boolean unix = member.getPlatform() == ZipArchiveEntry.PLATFORM_UNIX;
        boolean old = !unix && !isUtf8(raw) && Charset.isSupported(CODE_PAGE);
        return old ? new String(raw, Charset.forName(CODE_PAGE)).getBytes(StandardCharsets.UTF_8) : raw;
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    /** A directory has a slash at its end, or the mode of one. */
    private static boolean isDirectory(ZipArchiveEntry member) {
        return member.isDirectory() || (member.getUnixMode() & UnixStat.FILE_TYPE_FLAG) == UnixStat.DIR_FLAG;
    }

    private Optional<Entry> entry(ZipFile zip, EntryPath path, ZipArchiveEntry member, EntrySink sink)
            throws IOException {
        Instant modified = member.getLastModifiedTime() == null
                ? Instant.EPOCH
                : member.getLastModifiedTime().toInstant();
        int unix = member.getUnixMode();
        int type = unix & UnixStat.FILE_TYPE_FLAG;
        if (member.isUnixSymlink()) {
            return Optional.of(Entry.symlink(path, target(zip, path, member), Attributes.of(0777, 0, 0, modified)));
        }
        if (isDirectory(member)) {
            if (member.getSize() > 0) {
                sink.report(new Problem(
                        path, Problem.Kind.DEGRADED, "is a directory with content in the archive, which is left out"));
            }
            int mode = unix == 0 ? DIRECTORY_MODE : unix & 07777;
            return Optional.of(Entry.directory(path, Attributes.of(mode, 0, 0, modified)));
        }
        if (type != 0 && type != UnixStat.FILE_FLAG) {
            sink.report(new Problem(path, Problem.Kind.SKIPPED, "is a device, a fifo or a socket"));
            return Optional.empty();
        }
        if (member.getSize() < 0) {
            throw new DamagedException(file + " does not say how long '" + path + "' is");
        }
        int mode = unix == 0 ? FILE_MODE : unix & 07777;
        return Optional.of(Entry.file(path, member.getSize(), Attributes.of(mode, 0, 0, modified)));
    }

    private ByteString target(ZipFile zip, EntryPath path, ZipArchiveEntry member) throws IOException {
        if (member.getSize() > MAX_LINK_BYTES) {
            throw new DamagedException(
                    file + " has the symbolic link '" + path + "' with a target of " + member.getSize() + " bytes");
        }
        byte[] target;
        try (InputStream in = content(zip, member)) {
            target = in.readAllBytes();
        }
        if (target.length == 0) {
            throw new DamagedException(file + " has the symbolic link '" + path + "' without a target");
        }
        return ByteString.of(target);
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
            } catch (ZipException | EOFException | RuntimeException e) {
                throw damaged(member, e);
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
