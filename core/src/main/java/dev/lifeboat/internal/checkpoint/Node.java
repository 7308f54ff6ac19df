package dev.lifeboat.internal.checkpoint;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.internal.posix.Stat;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A name of a saved tree and what it was a name of. Immutable once its tree is saved.
 *
 * <p>It has no path of its own, since trees may have many nodes and few of them change.
 */
final class Node {
    /** Its place in {@link SavedTree#nodes}: parents come before their children. */
    final int index;

    final @Nullable Node parent;
    final ByteString name;
    final Stat stat;
    final Attributes attributes;

    /** Of a directory, in the order of their names. */
    List<Node> children = List.of();
    /** Target of a symbolic link. */
    Optional<ByteString> link = Optional.empty();
    /** Of a file. */
    Content content = Content.EMPTY;
    /** The first node with the same inode; empty if this is the first one. */
    Optional<Node> first = Optional.empty();
    /** Whether others have the same inode as this, the first one. */
    boolean shared;

    Node(int index, @Nullable Node parent, ByteString name, Stat stat, Attributes attributes) {
        this.index = index;
        this.parent = parent;
        this.name = name;
        this.stat = stat;
        this.attributes = attributes;
    }

    boolean isDirectory() {
        return stat.isDirectory();
    }

    /** The names from the root down, without that of the root. */
    List<ByteString> segments() {
        Deque<ByteString> names = new ArrayDeque<>();
        for (Node node = this; node.parent != null; node = node.parent) {
            names.push(node.name);
        }
        return List.copyOf(names);
    }

    EntryPath path() {
        EntryPath path = EntryPath.root();
        for (ByteString segment : segments()) {
            path = path.resolve(segment);
        }
        return path;
    }

    /** This node as an entry, to set its metadata. A socket is shown as a pipe: entries know no sockets. */
    Entry entry() {
        EntryPath path = path();
        return switch (stat.type()) {
            case Stat.DIRECTORY -> Entry.directory(path, attributes);
            case Stat.FILE -> Entry.file(path, stat.size(), attributes);
            case Stat.SYMLINK -> Entry.symlink(path, link.orElseThrow(), attributes);
            case Stat.CHARACTER_DEVICE -> Entry.device(path, EntryType.CHARACTER_DEVICE, stat.special(), attributes);
            case Stat.BLOCK_DEVICE -> Entry.device(path, EntryType.BLOCK_DEVICE, stat.special(), attributes);
            default -> Entry.fifo(path, attributes);
        };
    }

    @Override
    public String toString() {
        return path().toString();
    }
}
