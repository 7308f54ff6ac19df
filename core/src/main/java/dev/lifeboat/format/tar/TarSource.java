package dev.lifeboat.format.tar;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStream;
import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.tar.TarMember;
import dev.lifeboat.internal.tar.TarReader;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * A tar of another program, such as GNU tar, as a source: plain, or compressed with gzip or zstd. Members may come in
 * any order; of several with one name the last counts, as in extraction. The tar is read twice: once for the list,
 * which is held in memory, once for content. A tar with a name that leads out of it is refused as a whole. The leading
 * slash of an absolute name is stripped and reported.
 *
 * <p>Immutable. Each method that changes an option returns a copy.
 */
@CheckReturnValue
public final class TarSource implements SnapshotSource {
    private static final int MAGIC_BYTES = 6;
    /** Unsupported compressions by their magic numbers. */
    private static final Map<String, String> NOT_READ = Map.of(
            "fd377a585a00", "xz",
            "425a68", "bzip2",
            "04224d18", "lz4",
            "1f9d", "compress",
            "377abcaf271c", "7-Zip",
            "504b0304", "zip");

    private final Path file;
    private final Optional<String> name;

    private TarSource(Path file, Optional<String> name) {
        this.file = file;
        this.name = name;
    }

    /** Returns a source for a tar. The name of its series is {@code tar:} and its absolute path. */
    public static TarSource of(Path file) {
        return new TarSource(file, Optional.empty());
    }

    @Override
    public TarSource named(String newName) {
        return new TarSource(file, Optional.of(newName));
    }

    @Override
    public String name() {
        return name.orElseGet(() -> "tar:" + file.toAbsolutePath().normalize());
    }

    /** A member, and the number of the member that has its content. */
    private record Member(TarMember member, long content) {}

    /**
     * {@inheritDoc}
     *
     * @throws dev.lifeboat.format.DamagedException if the file is not a tar, is truncated or damaged, or has a name
     *     that leads out of it
     */
    @Override
    public void sendTo(EntrySink sink) throws IOException {
        Map<Long, Entry> wanted = new HashMap<>();
        NavigableMap<EntryPath, Member> members = members(sink);
        Map<Long, EntryPath> firstNames = new HashMap<>();
        for (Map.Entry<EntryPath, Member> item : members.entrySet()) {
            Member member = item.getValue();
            Entry entry = entry(item.getKey(), member, firstNames);
            if (sink.offer(entry)) {
                wanted.put(member.content(), entry);
            }
        }
        sendContent(wanted, sink);
    }

    /**
     * Returns the entry of a member. Any name of a file may be the first in canonical order; that name becomes the
     * file, the others become links to it.
     */
    private static Entry entry(EntryPath path, Member member, Map<Long, EntryPath> firstNames) {
        TarMember tar = member.member();
        if (tar.type() == EntryType.FILE) {
            EntryPath first = firstNames.putIfAbsent(member.content(), path);
            if (first != null) {
                return Entry.hardLink(path, first, tar.attributes());
            }
        }
        OptionalLong size = tar.type() == EntryType.FILE ? OptionalLong.of(tar.size()) : OptionalLong.empty();
        return new Entry(path, tar.type(), size, tar.attributes(), tar.link(), tar.device(), Optional.empty());
    }

    private NavigableMap<EntryPath, Member> members(EntrySink sink) throws IOException {
        NavigableMap<EntryPath, Member> members = new TreeMap<>();
        try (InputStream in = open()) {
            TarReader tar = TarReader.lenient(in);
            long number = 0;
            for (Optional<TarMember> next; (next = tar.next()).isPresent(); number++) {
                TarMember member = next.get();
                if (member.type() != EntryType.HARD_LINK) {
                    members.put(member.path(), new Member(member, number));
                    continue;
                }
                EntryPath target =
                        EntryPath.of(member.link().map(ByteString::toByteArray).orElseThrow());
                Member linked = members.get(target);
                if (linked != null && linked.member().type() == EntryType.SYMLINK) {
                    members.put(member.path(), linked);
                    sink.report(new Problem(
                            member.path(),
                            Problem.Kind.DEGRADED,
                            "is a hard link to symbolic link '" + target
                                    + "' in the tar; it becomes a separate symbolic link"));
                } else if (linked == null || linked.member().type() != EntryType.FILE) {
                    sink.report(new Problem(
                            member.path(),
                            Problem.Kind.FAILED,
                            "links to '" + target + "', which is not a file in the tar"));
                } else {
                    members.put(member.path(), linked);
                }
            }
            reportLeniency(tar, sink);
            // The checksum of a compressed file comes after the padding that follows the end of the tar.
            Io.drain(in);
        } catch (EOFException | ZipException | ZstdIOException e) {
            throw new DamagedException(file + " is damaged: " + e.getMessage(), e);
        }
        return members;
    }

    private static void reportLeniency(TarReader tar, EntrySink sink) throws IOException {
        if (tar.strippedNames() > 0) {
            sink.report(new Problem(
                    EntryPath.root(),
                    Problem.Kind.DEGRADED,
                    "the leading slash of " + tar.strippedNames() + " names in the tar is stripped"));
        }
        if (tar.isEndMissing()) {
            sink.report(new Problem(
                    EntryPath.root(),
                    Problem.Kind.FAILED,
                    "the tar ends without an end-of-archive marker: it may be truncated after a complete member"));
        }
    }

    private void sendContent(Map<Long, Entry> wanted, EntrySink sink) throws IOException {
        try (InputStream in = open()) {
            TarReader tar = TarReader.lenient(in);
            Optional<TarMember> next = tar.next();
            for (long number = 0; next.isPresent() && !wanted.isEmpty(); number++) {
                Entry entry = wanted.remove(number);
                if (entry != null) {
                    sink.content(entry, next.get().content());
                }
                next = tar.next();
            }
        }
        if (!wanted.isEmpty()) {
            throw new IOException(file + " changed while it was read");
        }
    }

    private InputStream open() throws IOException {
        BufferedInputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        boolean opened = false;
        try {
            in.mark(MAGIC_BYTES);
            String magic = HexFormat.of().formatHex(in.readNBytes(MAGIC_BYTES));
            in.reset();
            boolean gzip = magic.startsWith("1f8b");
            // RFC 8878: magic numbers of zstd frames, and of skippable frames, with which pzstd begins.
            boolean zstd = magic.startsWith("28b52ffd") || magic.matches("5.2a4d18.*");
            for (Map.Entry<String, String> other : NOT_READ.entrySet()) {
                if (magic.startsWith(other.getKey())) {
                    throw new UnsupportedVersionException(file + " is compressed with " + other.getValue()
                            + ", which is not supported; decompress it first (supported are plain tar, gzip and zstd)");
                }
            }
            InputStream plain = gzip ? new GZIPInputStream(in, 1 << 16) : zstd ? new ZstdInputStream(in) : in;
            opened = true;
            return new BufferedInputStream(plain, 1 << 16);
        } finally {
            if (!opened) {
                in.close();
            }
        }
    }

    @Override
    public String toString() {
        return name();
    }
}
