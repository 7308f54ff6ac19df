package dev.lifeboat.kubernetes.internal.transfer;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UnnamedFile;
import dev.lifeboat.internal.tar.TarMember;
import dev.lifeboat.internal.tar.TarReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The members of a tar in canonical order, whatever their order was: their content is in a temporary file. A tar of
 * another program than GNU tar has the order of its directories.
 */
final class UnorderedTar implements Closeable {
    private record Member(Entry entry, long at) {}

    private final UnnamedFile file;
    private final SortedMap<EntryPath, Member> members = new TreeMap<>();

    private UnorderedTar(UnnamedFile file) {
        this.file = file;
    }

    /** Reads a tar to its end. */
    static UnorderedTar read(TarReader tar) throws IOException {
        UnnamedFile file = UnnamedFile.create("lifeboat-tar");
        boolean whole = false;
        try {
            UnorderedTar sorted = new UnorderedTar(file);
            sorted.load(tar);
            whole = true;
            return sorted;
        } finally {
            if (!whole) {
                file.close();
            }
        }
    }

    private void load(TarReader tar) throws IOException {
        Map<EntryPath, EntryPath> links = new HashMap<>();
        byte[] buffer = new byte[Io.BUFFER_BYTES];
        long end = 0;
        for (Optional<TarMember> next; (next = tar.next()).isPresent(); ) {
            TarMember member = next.get();
            if (member.type() == EntryType.HARD_LINK) {
                links.put(
                        member.path(), EntryPath.of(member.link().orElseThrow().toByteArray()));
                continue;
            }
            Entry entry = member.toEntry();
            long at = end;
            if (entry.isFile()) {
                for (int n; (n = member.content().read(buffer, 0, buffer.length)) >= 0; end += n) {
                    file.write(ByteBuffer.wrap(buffer, 0, n), end);
                }
                entry = entry.withSize(end - at);
            }
            members.put(entry.path(), new Member(entry, at));
        }
        Map<EntryPath, SortedSet<EntryPath>> names = new HashMap<>();
        for (Map.Entry<EntryPath, EntryPath> link : links.entrySet()) {
            names.computeIfAbsent(file(link.getKey(), links), target -> new TreeSet<>())
                    .add(link.getKey());
        }
        names.forEach(this::link);
    }

    /** Follows links of a name to the file. */
    private EntryPath file(EntryPath name, Map<EntryPath, EntryPath> links) throws DamagedException {
        EntryPath target = name;
        for (int steps = 0; links.containsKey(target); steps++) {
            target = links.get(target);
            if (steps > links.size()) {
                throw new DamagedException("'" + name + "' is a hard link to itself");
            }
        }
        if (!members.containsKey(target)) {
            throw new DamagedException("'" + name + "' is a hard link to '" + target + "', which the tar lacks");
        }
        return target;
    }

    /** The content belongs to the first name in canonical order, and the others are links to it. */
    private void link(EntryPath target, SortedSet<EntryPath> more) {
        Member file = members.remove(target);
        if (file == null) {
            throw new IllegalStateException("no member '" + target + "'");
        }
        more.add(target);
        EntryPath first = more.first();
        for (EntryPath name : more) {
            members.put(
                    name,
                    name.equals(first)
                            ? new Member(file.entry().withPath(name), file.at())
                            : new Member(
                                    Entry.hardLink(name, first, file.entry().attributes()), 0));
        }
    }

    /** Sends all members. */
    void sendTo(EntrySink sink) throws IOException {
        for (Member member : members.values()) {
            if (sink.offer(member.entry())) {
                try (InputStream in = content(member)) {
                    sink.content(member.entry(), in);
                }
            }
        }
    }

    private InputStream content(Member member) {
        return new BulkInputStream() {
            private long at = member.at();
            private long left = member.entry().size().orElse(0);

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                if (left == 0 || length == 0) {
                    return length == 0 ? 0 : -1;
                }
                int n = file.read(ByteBuffer.wrap(into, offset, (int) Math.min(length, left)), at);
                if (n < 0) {
                    throw new IOException("the temporary file of a tar has ended early");
                }
                at += n;
                left -= n;
                return n;
            }
        };
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
