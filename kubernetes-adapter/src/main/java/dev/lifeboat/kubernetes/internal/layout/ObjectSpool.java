package dev.lifeboat.kubernetes.internal.layout;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.io.UnnamedFile;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SortedMap;
import java.util.TreeMap;

/** Objects in the order of their paths: where they lie in memory, their JSON in a temporary file. Not thread-safe. */
public final class ObjectSpool implements Closeable {
    private record Slot(long at, int length) {}

    private final UnnamedFile file;
    private final SortedMap<EntryPath, Slot> slots = new TreeMap<>();
    private long end;

    public ObjectSpool() throws IOException {
        this.file = UnnamedFile.create("lifeboat-objects");
    }

    /** Adds an object, in the place of one of that name. */
    public void add(ObjectName name, JsonObject object) throws IOException {
        byte[] bytes = object.toPrettyBytesWithNulls();
        file.write(ByteBuffer.wrap(bytes), end);
        slots.put(name.path(), new Slot(end, bytes.length));
        end += bytes.length;
    }

    /** Takes an object out again. */
    public void remove(ObjectName name) {
        slots.remove(name.path());
    }

    /** Receives objects. */
    @FunctionalInterface
    public interface Visitor {
        /** Receives the next object. */
        void visit(ObjectName name, JsonObject object) throws IOException;
    }

    /** Visits all objects, in order. */
    public void visit(Visitor visitor) throws IOException {
        for (var slot : slots.entrySet()) {
            ObjectName name = ClusterLayout.object(slot.getKey()).orElseThrow();
            visitor.visit(name, JsonObject.parse(read(slot.getValue()), name.toString()));
        }
    }

    public boolean has(ObjectName name) {
        return slots.containsKey(name.path());
    }

    public int size() {
        return slots.size();
    }

    /** Sends all objects, and the directories above them. */
    public void sendTo(EntrySink sink) throws IOException {
        SnapshotDocuments.directory(sink, ClusterLayout.KUBERNETES);
        SnapshotDocuments.directory(sink, ClusterLayout.RESOURCES);
        EntryPath last = ClusterLayout.RESOURCES;
        for (var slot : slots.entrySet()) {
            EntryPath parent = slot.getKey().parent();
            directories(sink, last, parent);
            last = parent;
            byte[] json = read(slot.getValue());
            SnapshotDocuments.send(sink, slot.getKey(), json);
        }
    }

    /** Offers a directory and those above it, unless that was done for {@code last}, which is before it. */
    private static void directories(EntrySink sink, EntryPath last, EntryPath directory) throws IOException {
        if (!last.startsWith(directory)) {
            directories(sink, last, directory.parent());
            SnapshotDocuments.directory(sink, directory);
        }
    }

    private byte[] read(Slot slot) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(slot.length());
        while (bytes.hasRemaining()) {
            if (file.read(bytes, slot.at() + bytes.position()) < 0) {
                throw new IOException("the temporary file of objects has ended early");
            }
        }
        return bytes.array();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
