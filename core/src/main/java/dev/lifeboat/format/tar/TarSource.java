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
import dev.lifeboat.internal.io.LimitedInputStream;
import dev.lifeboat.internal.tar.TarMember;
import dev.lifeboat.internal.tar.TarReader;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
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
 * A tar of another program, such as GNU tar, as a source: plain, or compressed with gzip or zstd; with the artifact
 * {@code lifeboat-archives} also with bzip2, xz, lz4 or compress. The content tells which, not the name of the file.
 * Members may come in any order; of several with one name the last counts, as in extraction. The tar is read twice:
 * once for the list, which is held in memory, once for content. A tar with a name that leads out of it is refused as a
 * whole. The leading slash of an absolute name is stripped and reported.
 *
 * <p>Compressed files of a few kilobytes may hold terabytes. Where the tar is not trusted, {@link #limit} bounds what
 * is read of it.
 *
 * <p>Immutable. Each method that changes an option returns a copy.
 */
@CheckReturnValue
public final class TarSource implements SnapshotSource {
    private static final int HEAD_BYTES = 512;
    /** By their magic numbers, what is no tar in a known compression. */
    private static final Map<String, String> NOT_READ = Map.of(
            "fd377a585a00",
            "is compressed with xz",
            "425a68",
            "is compressed with bzip2",
            "04224d18",
            "is compressed with lz4",
            "1f9d",
            "is compressed with compress",
            "377abcaf271c",
            "is a 7-Zip archive",
            "504b0304",
            "is a zip archive; ZipSource of lifeboat-archives reads it",
            hex("age-encryption.org/"),
            "is encrypted with age; decrypt it first",
            hex("-----BEGIN AGE "),
            "is encrypted with age; decrypt it first",
            hex("-----BEGIN PGP "),
            "is encrypted with OpenPGP; decrypt it first");

    /** First bytes of OpenPGP messages: RFC 9580, sections 4.2, 10.3. Names of files may begin with them, too. */
    private static final String OPENPGP = "(84|85|86|8c|c1|c3).*";
    /** Where a tar says that it is one: POSIX.1-2017, pax, "ustar Header Block". */
    private static final int USTAR_AT = 257;

    private final Path file;
    private final Optional<String> name;
    private final EntryPath top;
    private final long limit;

    private TarSource(Path file, Optional<String> name, EntryPath top, long limit) {
        this.file = file;
        this.name = name;
        this.top = top;
        this.limit = limit;
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Returns a source for a tar. The name of its series is {@code tar:} and its absolute path. */
    public static TarSource of(Path file) {
        return new TarSource(file, Optional.empty(), EntryPath.root(), Long.MAX_VALUE);
    }

    @Override
    public TarSource named(String newName) {
        return new TarSource(file, Optional.of(newName), top, limit);
    }

    /**
     * Takes only what is below a directory of the tar, which becomes the root: such as {@code backup/data} of a tar
     * that has the volumes of an application there.
     *
     * @throws IllegalArgumentException if it is not a path in a tar
     */
    public TarSource below(String directory) {
        return new TarSource(file, name, EntryPath.of(directory), limit);
    }

    /**
     * Refuses a tar that has more bytes than this after decompression, before any more of it is read.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public TarSource limit(long bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("the limit is not positive: " + bytes);
        }
        return new TarSource(file, name, top, bytes);
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
        NavigableMap<EntryPath, Member> members = below(members(sink));
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

    private NavigableMap<EntryPath, Member> below(NavigableMap<EntryPath, Member> members) throws IOException {
        if (top.isRoot()) {
            return members;
        }
        NavigableMap<EntryPath, Member> below = new TreeMap<>();
        members.forEach((path, member) -> {
            if (path.startsWith(top)) {
                below.put(path.relativeTo(top), member);
            }
        });
        if (below.isEmpty()) {
            throw new IOException(file + " has nothing below '" + top + "'");
        }
        Member root = below.get(EntryPath.root());
        if (root != null && root.member().type() != EntryType.DIRECTORY) {
            throw new IOException(file + " has '" + top + "', which is not a directory");
        }
        return below;
    }

    private NavigableMap<EntryPath, Member> members(EntrySink sink) throws IOException {
        NavigableMap<EntryPath, Member> members = new TreeMap<>();
        try (InputStream in = open()) {
            TarReader tar = TarReader.lenient(in);
            long number = 0;
            long total = 0;
            for (Optional<TarMember> next; (next = tar.next()).isPresent(); number++) {
                TarMember member = next.get();
                // Holes are not in the tar, and count nevertheless.
                total += member.type() == EntryType.FILE ? member.size() : 0;
                if (total > limit || total < 0) {
                    throw overLimit();
                }
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
        checkParents(members);
        return members;
    }

    /** What lies below a link would be extracted to where it leads. */
    private void checkParents(NavigableMap<EntryPath, Member> members) throws DamagedException {
        for (EntryPath path : members.keySet()) {
            for (EntryPath above = path; !above.isRoot(); ) {
                above = above.parent();
                Member parent = members.get(above);
                if (parent != null && parent.member().type() != EntryType.DIRECTORY) {
                    throw new DamagedException(
                            file + " has '" + path + "' below '" + above + "', which is not a directory");
                }
            }
        }
    }

    private static void reportLeniency(TarReader tar, EntrySink sink) throws IOException {
        if (tar.strippedNames() > 0) {
            sink.report(new Problem(
                    EntryPath.root(),
                    Problem.Kind.DEGRADED,
                    "the leading slash of " + tar.strippedNames() + " names in the tar is stripped"));
        }
        if (tar.lossyMembers() > 0) {
            sink.report(new Problem(
                    EntryPath.root(),
                    Problem.Kind.DEGRADED,
                    "ACLs, SELinux labels or other attributes of " + tar.lossyMembers()
                            + " members of the tar are not imported"));
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

    /**
     * Opens the tar itself, decompressed if it is compressed, for what reads it in another way. The caller closes it.
     *
     * @throws UnsupportedVersionException if it is encrypted, or compressed in a way that is not installed
     */
    public InputStream open() throws IOException {
        BufferedInputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        boolean opened = false;
        try {
            in.mark(HEAD_BYTES);
            byte[] head = in.readNBytes(HEAD_BYTES);
            in.reset();
            InputStream plain = decompress(in, head);
            opened = true;
            InputStream buffered = new BufferedInputStream(plain, 1 << 16);
            return limit == Long.MAX_VALUE ? buffered : new LimitedInputStream(buffered, limit, this::overLimit);
        } finally {
            if (!opened) {
                in.close();
            }
        }
    }

    private IOException overLimit() {
        return new IOException(file + " has over " + limit + " bytes after decompression, which is its limit; if it is"
                + " trusted, set a higher limit(..)");
    }

    private InputStream decompress(InputStream in, byte[] head) throws IOException {
        String magic = HexFormat.of().formatHex(head);
        boolean ustar =
                head.length > USTAR_AT + 5 && new String(head, USTAR_AT, 5, StandardCharsets.US_ASCII).equals("ustar");
        if (ustar) {
            return in;
        }
        if (magic.startsWith("1f8b")) {
            return new GZIPInputStream(in, 1 << 16);
        }
        // RFC 8878: magic numbers of zstd frames, and of skippable frames, with which pzstd begins.
        if (magic.startsWith("28b52ffd") || magic.matches("5.2a4d18.*")) {
            return new ZstdInputStream(in);
        }
        for (TarCompression compression : TarCompression.installed()) {
            if (compression.recognizes(head)) {
                return compression.decompress(in);
            }
        }
        for (Map.Entry<String, String> other : NOT_READ.entrySet()) {
            if (magic.startsWith(other.getKey())) {
                String wayOut = other.getValue().startsWith("is compressed")
                        ? ", which is read if lifeboat-archives is on the class path or module path; or decompress it"
                                + " first"
                        : "";
                throw new UnsupportedVersionException(file + " " + other.getValue() + wayOut);
            }
        }
        if (magic.matches(OPENPGP)) {
            throw new UnsupportedVersionException(
                    file + " is no tar, and may be encrypted with OpenPGP; then decrypt it first");
        }
        return in;
    }

    @Override
    public String toString() {
        return name();
    }
}
