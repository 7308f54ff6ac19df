package dev.lifeboat.archives;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UnnamedFile;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.apache.commons.compress.archivers.zip.UnixStat;
import org.apache.commons.compress.archivers.zip.Zip64Mode;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;

/**
 * Exports a snapshot, or a part of one, as a zip archive, for recipients who cannot open a tar. A zip holds files,
 * directories and symbolic links with permissions and times; what it does not hold is reported: owners, extended
 * attributes, devices, fifos, and names that are not UTF-8. A hard link becomes a symbolic link. A tar keeps all of it:
 * {@link dev.lifeboat.format.tar.TarExport}.
 *
 * <pre>{@code
 * repo.restore(snapshot).subtree(EntryPath.of("volumes/web/data")).to(ZipExport.to(Path.of("web.zip"))).run();
 * }</pre>
 *
 * <p>A file whose content is lost is reported, and is not in the archive. Immutable.
 */
public final class ZipExport implements RestoreTarget {
    /** Times that every program reads. */
    private static final Instant FIRST = Instant.parse("1601-01-02T00:00:00Z");

    private static final Instant LAST = Instant.parse("9999-12-31T00:00:00Z");

    private final Path file;

    private ZipExport(Path file) {
        this.file = file;
    }

    /** Returns a target that writes a file. An existing file is replaced when the archive is complete. */
    public static ZipExport to(Path file) {
        return new ZipExport(file);
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
        private final OutputStream raw;
        private final ZipArchiveOutputStream out;
        /** Files that were offered and not written. */
        private final Set<EntryPath> missing = new HashSet<>();

        private long owned;
        private long withXattrs;
        private boolean committed;

        Export(RestoreRequest request) throws IOException {
            this.request = request;
            Path absolute = file.toAbsolutePath();
            temp = absolute.resolveSibling("." + absolute.getFileName() + ".lifeboat-tmp");
            raw = request.dryRun()
                    ? OutputStream.nullOutputStream()
                    : new BufferedOutputStream(Files.newOutputStream(temp), Io.BUFFER_BYTES);
            out = new ZipArchiveOutputStream(raw);
            out.setEncoding(StandardCharsets.UTF_8.name());
            out.setUseZip64(Zip64Mode.AsNeeded);
        }

        /** Returns true, since an archive is written sequentially. */
        @Override
        public boolean requiresInlineContent() {
            return true;
        }

        @Override
        public boolean offer(Entry entry) throws IOException {
            Optional<String> name = name(entry.path());
            if (name.isEmpty()) {
                problem(entry, Problem.Kind.FAILED, "its name is not UTF-8, and a zip holds no other");
                missing.add(entry.path());
                return false;
            }
            if (!ZipSource.holds(entry.type()) && entry.type() != EntryType.HARD_LINK) {
                problem(entry, Problem.Kind.FAILED, "a zip holds no entry of type " + entry.type());
                missing.add(entry.path());
                return false;
            }
            if (entry.type() == EntryType.HARD_LINK && missing.contains(entry.hardLinkTarget()) && !request.dryRun()) {
                problem(
                        entry,
                        Problem.Kind.FAILED,
                        "'" + entry.hardLinkTarget() + "', its link target, was not exported");
                return false;
            }
            request.listener().changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
            note(entry.attributes());
            if (request.dryRun()) {
                return false;
            }
            switch (entry.type()) {
                case FILE -> missing.add(entry.path());
                case DIRECTORY -> {
                    if (!entry.path().isRoot()) {
                        write(entry, name.get() + "/", UnixStat.DIR_FLAG, new byte[0]);
                    }
                }
                case SYMLINK ->
                    write(
                            entry,
                            name.get(),
                            UnixStat.LINK_FLAG,
                            entry.link().orElseThrow().toByteArray());
                default -> {
                    problem(entry, Problem.Kind.DEGRADED, "a zip holds no hard links; it becomes a symbolic link");
                    write(entry, name.get(), UnixStat.LINK_FLAG, relative(entry.path(), entry.hardLinkTarget()));
                }
            }
            return entry.isFile();
        }

        private void note(Attributes attributes) {
            if (attributes.uid() != 0 || attributes.gid() != 0) {
                owned++;
            }
            if (!attributes.xattrs().isEmpty()) {
                withXattrs++;
            }
        }

        private void problem(Entry entry, Problem.Kind kind, String detail) {
            request.listener().problem(new Problem(entry.path(), kind, detail));
        }

        private ZipArchiveEntry member(Entry entry, String name, int type) {
            UnixMember member = new UnixMember(name, type | entry.attributes().mode());
            Instant modified = entry.attributes().modified();
            Instant kept = modified.isBefore(FIRST) ? FIRST : modified.isAfter(LAST) ? LAST : modified;
            if (!kept.equals(modified)) {
                problem(entry, Problem.Kind.DEGRADED, "a zip does not hold its time, " + modified);
            }
            member.setLastModifiedTime(FileTime.from(kept));
            return member;
        }

        private void write(Entry entry, String name, int type, byte[] content) throws IOException {
            ZipArchiveEntry member = member(entry, name, type);
            member.setSize(content.length);
            out.putArchiveEntry(member);
            out.write(content);
            out.closeArchiveEntry();
        }

        /** A member cannot be taken back once it is begun, so all of its content is read before. */
        @Override
        public void content(Entry entry, InputStream in) throws IOException {
            long expected = entry.size().orElse(-1);
            try (UnnamedFile spool = UnnamedFile.create("lifeboat-zip-")) {
                long size = 0;
                byte[] buffer = new byte[Io.BUFFER_BYTES];
                for (int n; (n = in.read(buffer)) >= 0; size += n) {
                    Io.checkInterrupt();
                    spool.write(ByteBuffer.wrap(buffer, 0, n), size);
                }
                if (expected >= 0 && size != expected) {
                    problem(
                            entry,
                            Problem.Kind.FAILED,
                            "has " + size + " bytes of content, and not " + expected + ", and is left out");
                    return;
                }
                ZipArchiveEntry member = member(entry, name(entry.path()).orElseThrow(), UnixStat.FILE_FLAG);
                member.setSize(size);
                out.putArchiveEntry(member);
                spool.input().transferTo(out);
                out.closeArchiveEntry();
                missing.remove(entry.path());
            }
        }

        @Override
        public void report(Problem problem) {
            request.listener().problem(problem);
        }

        @Override
        public void commit() throws IOException {
            if (owned > 0) {
                lost("the owners of " + owned + " entries");
            }
            if (withXattrs > 0) {
                lost("the extended attributes of " + withXattrs + " entries");
            }
            out.finish();
            out.close();
            if (!request.dryRun()) {
                Files.move(temp, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            }
            committed = true;
        }

        private void lost(String what) {
            request.listener()
                    .problem(new Problem(
                            EntryPath.root(), Problem.Kind.DEGRADED, what + " are lost, since a zip holds none"));
        }

        @Override
        public void close() throws IOException {
            if (committed) {
                return;
            }
            try {
                // Not that of the archive, which would complete it.
                raw.close();
            } finally {
                // Also if the disk is full, and what is buffered cannot be written.
                if (!request.dryRun()) {
                    Files.deleteIfExists(temp);
                }
            }
        }
    }

    /** A member of Unix, where a backslash in a name is a backslash. */
    private static final class UnixMember extends ZipArchiveEntry {
        UnixMember(String name, int mode) {
            setUnixMode(mode);
            setName(name);
        }
    }

    private static Optional<String> name(EntryPath path) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(path.toByteArray()))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    /** The target of a symbolic link at a path that leads to another path. */
    private static byte[] relative(EntryPath from, EntryPath to) {
        StringBuilder up = new StringBuilder();
        for (int i = 1; i < from.segments().size(); i++) {
            up.append("../");
        }
        byte[] prefix = up.toString().getBytes(StandardCharsets.UTF_8);
        byte[] target = to.toByteArray();
        ByteBuffer joined = ByteBuffer.allocate(prefix.length + target.length);
        joined.put(prefix).put(target);
        return ByteString.of(joined.array()).toByteArray();
    }
}
