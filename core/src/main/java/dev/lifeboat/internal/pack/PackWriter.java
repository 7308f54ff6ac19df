package dev.lifeboat.internal.pack;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.format.RepositoryKeys.Right;
import dev.lifeboat.format.RepositoryKeys.SealingKey;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.TrackedTask;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.PutCondition;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Collects chunks into packs and stores them. Chunks are sealed on the threads that call {@link #store}, and packs are
 * uploaded on the executor. While too many uploads are running, callers block. Thread-safe.
 */
public final class PackWriter {
    private static final int MAX_ON_THE_WAY = 2;
    private static final int MAX_KEYS = 255;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final FormatContext context;
    private final RepositoryKeys keys;
    private final byte[] idPrefix;
    private final int targetBytes;
    private final List<Right> rights;
    private final Semaphore onTheWay = new Semaphore(MAX_ON_THE_WAY);
    private final List<TrackedTask<Directory>> uploads = new ArrayList<>();
    private final AtomicLong bytesStored = new AtomicLong();
    private OpenPack open;
    /** The number of full packs that are not among the uploads yet. */
    private int closing;

    private boolean aborted;

    /**
     * Creates a writer.
     *
     * @param session id of the session; the ids of its packs begin with its {@link #mark}
     * @param targetBytes size at which a pack is full
     * @param rights the rights to open chunks of these packs
     */
    public PackWriter(FormatContext context, String session, int targetBytes, List<Right> rights) {
        this.context = context;
        this.keys = context.keys();
        this.idPrefix = HexFormat.of().parseHex(mark(session));
        this.targetBytes = targetBytes;
        this.rights = List.copyOf(rights);
        this.open = new OpenPack();
    }

    /** Returns the prefix of the ids of a session's packs: the half of the session id that differs from all others. */
    public static String mark(String session) {
        return session.substring(16);
    }

    /** Returns the mark of the session that wrote a pack. */
    public static String markOf(String pack) {
        return pack.substring(0, 16);
    }

    /** A pack that is being filled. Guarded by the writer. Chunks that are being sealed keep it open. */
    private final class OpenPack {
        private final byte[] id;
        private final List<byte[]> wrapped = new ArrayList<>();
        private final List<SealingKey> sealing = new ArrayList<>();
        private final List<Part> chunks = new ArrayList<>();
        private final List<byte[]> parts = new ArrayList<>();
        private int length;
        private int slots;
        private int underWay;
        private boolean full;
        /** Whether a flush waits for it, and then stores it. */
        private boolean flushed;

        OpenPack() {
            for (Right right : rights) {
                SealingKey key = keys.newKey(right);
                sealing.add(key);
                wrapped.add(key.wrapped());
            }
            id = Arrays.copyOf(idPrefix, 16);
            byte[] random = new byte[8];
            RANDOM.nextBytes(random);
            System.arraycopy(random, 0, id, 8, 8);
        }

        private void add(Part chunk, byte[] bytes) {
            chunks.add(chunk);
            parts.add(bytes);
            length += bytes.length;
        }

        /** Returns the number of a key, which is added if it is new; -1 if there is no room for it. */
        private int keyNumber(byte[] key) {
            for (int i = 0; i < wrapped.size(); i++) {
                if (Arrays.equals(wrapped.get(i), key)) {
                    return i;
                }
            }
            if (wrapped.size() == MAX_KEYS) {
                return -1;
            }
            wrapped.add(key);
            return wrapped.size() - 1;
        }

        /** Adds the head, with the keys, and the tail, with the directory, to the chunks. Both are known only now. */
        private Directory close() {
            PackInfo info = new PackInfo(id, wrapped);
            byte[] head = PackFile.head(keys, info);
            Directory directory = new Directory(info);
            int offset = head.length;
            for (int i = 0; i < chunks.size(); i++) {
                Part chunk = chunks.get(i);
                int stored = parts.get(i).length - ChunkHeader.BYTES;
                directory.add(chunk.kind(), chunk.name(), offset, stored, chunk.plainLength());
                offset += parts.get(i).length;
            }
            byte[] tail = PackFile.tail(keys, directory);
            parts.add(0, head);
            parts.add(tail);
            length += head.length + tail.length;
            return directory;
        }
    }

    private record Part(ChunkKind kind, ChunkName name, int plainLength) {}

    /** Stores a chunk in this pack or the next. The upload happens during the call or later. */
    public void store(ChunkKind kind, ChunkName name, byte[] plain, int length, Compressor compressor)
            throws IOException {
        int compressed = compressor.compress(plain, length);
        if (compressed >= 0 && !compressor.restores(compressed, plain, length)) {
            throw new IOException(
                    "cannot compress chunk " + name + ": decompressing it does not give the original content; "
                            + "the memory or the processor of this machine is faulty");
        }
        byte[] in = compressed >= 0 ? compressor.bytes() : plain;
        int inLength = compressed >= 0 ? compressed : length;
        OpenPack pack;
        int slot;
        synchronized (this) {
            pack = open;
            slot = pack.slots++;
            pack.underWay++;
        }
        byte[] sealed = null;
        try {
            sealed = seal(pack, new Sealing(kind, name, slot, compressed >= 0, length), in, inLength);
        } finally {
            add(pack, new Part(kind, name, length), sealed);
        }
    }

    /**
     * Copies a sealed chunk from another pack, with the key that opens it.
     *
     * @param bytes header and chunk
     */
    public void copy(PackInfo from, ChunkName name, byte[] bytes) throws IOException {
        ChunkHeader header = ChunkHeader.read(bytes, 0, bytes.length);
        if (!header.name().equals(name) || bytes.length != ChunkHeader.BYTES + header.storedLength()) {
            throw new DamagedException("chunk " + name + " is not at its place in " + from.key());
        }
        byte[] key = from.wrapped(header.key());
        OpenPack pack;
        OpenPack full = null;
        byte[] copy = bytes.clone();
        synchronized (this) {
            int number = open.keyNumber(key);
            if (number < 0) {
                open.full = true;
                closing++;
                full = open.underWay == 0 ? open : null;
                open = new OpenPack();
                number = open.keyNumber(key);
            }
            pack = open;
            pack.underWay++;
            header.withKey(number).write(copy, 0);
        }
        add(pack, new Part(header.kind(), name, header.plainLength()), copy);
        if (full != null) {
            upload(full);
        }
    }

    private record Sealing(ChunkKind kind, ChunkName name, int slot, boolean compressed, int plainLength) {}

    /** Seals twice and compares, since a chunk that was sealed wrongly would be found too late. */
    private byte[] seal(OpenPack pack, Sealing chunk, byte[] in, int length) throws IOException {
        int number = rights.indexOf(chunk.kind() == ChunkKind.NODE ? Right.WRITE : Right.READ);
        SealingKey key = pack.sealing.get(number);
        ChunkHeader header = new ChunkHeader(
                chunk.kind(),
                chunk.compressed(),
                number,
                chunk.name(),
                chunk.slot(),
                chunk.plainLength(),
                length + key.overhead());
        byte[] sealed = sealed(key, header, in, length);
        if (key.overhead() > 0 && !Arrays.equals(sealed, sealed(key, header, in, length))) {
            throw new IOException("sealing chunk " + chunk.name() + " twice gave different bytes; "
                    + "the memory or the processor of this machine is faulty");
        }
        return sealed;
    }

    private byte[] sealed(SealingKey key, ChunkHeader header, byte[] in, int length) {
        byte[] out = new byte[ChunkHeader.BYTES + header.storedLength()];
        key.seal(header.slot(), header.associated(keys.repository()), in, 0, length, out, ChunkHeader.BYTES);
        header.write(out, 0);
        return out;
    }

    private void add(OpenPack pack, Part chunk, byte @Nullable [] sealed) throws IOException {
        OpenPack ready = null;
        synchronized (this) {
            pack.underWay--;
            if (sealed != null) {
                pack.add(chunk, sealed);
                bytesStored.addAndGet(sealed.length);
            }
            if (!pack.full && pack.length >= targetBytes) {
                pack.full = true;
                closing++;
                open = new OpenPack();
            }
            if (pack.full && pack.underWay == 0) {
                ready = pack.flushed ? null : pack;
                notifyAll();
            }
        }
        if (ready != null) {
            upload(ready);
        }
    }

    private void upload(OpenPack pack) throws IOException {
        try {
            register(pack);
        } finally {
            synchronized (this) {
                closing--;
                notifyAll();
            }
        }
        throwIfFailed();
    }

    private void register(OpenPack pack) throws IOException {
        try {
            onTheWay.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        }
        TrackedTask<Directory> task = new TrackedTask<>(
                () -> {
                    Directory directory = pack.close();
                    context.storage()
                            .put(directory.pack().key(), new Parts(pack.parts, pack.length), PutCondition.IF_ABSENT);
                    return directory;
                },
                () -> {
                    pack.parts.clear();
                    onTheWay.release();
                });
        synchronized (this) {
            if (aborted) {
                onTheWay.release();
                return;
            }
            uploads.add(task);
        }
        task.startOn(context.executor());
    }

    /** Reports a failed upload soon, not only at the end. */
    private void throwIfFailed() throws IOException {
        List<TrackedTask<Directory>> done;
        synchronized (this) {
            done = uploads.stream().filter(TrackedTask::isDone).toList();
        }
        for (TrackedTask<Directory> task : done) {
            Io.await(task);
        }
    }

    /**
     * Stores what was collected so far, and waits until it is durable. More may be stored meanwhile and afterwards.
     *
     * @return the directories of all packs
     */
    public List<Directory> flush() throws IOException {
        OpenPack last = closed();
        if (last.chunks.isEmpty()) {
            synchronized (this) {
                closing--;
            }
        } else {
            upload(last);
        }
        // Full packs that others are still sealing into, or waiting to upload.
        await(() -> closing > 0);
        List<TrackedTask<Directory>> begun;
        synchronized (this) {
            begun = List.copyOf(uploads);
        }
        List<Directory> all = new ArrayList<>();
        for (TrackedTask<Directory> task : begun) {
            all.add(Io.await(task));
        }
        return all;
    }

    /** Returns the pack that was being filled, once all is in it. Another one is filled from now on. */
    private synchronized OpenPack closed() throws IOException {
        OpenPack last = open;
        last.full = true;
        last.flushed = true;
        open = new OpenPack();
        await(() -> last.underWay > 0);
        closing++;
        return last;
    }

    private synchronized void await(BooleanSupplier busy) throws IOException {
        while (busy.getAsBoolean()) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Io.interrupted(e);
            }
        }
    }

    /** Cancels running uploads, and waits until nothing more is stored. */
    public void abort() {
        List<TrackedTask<Directory>> running;
        synchronized (this) {
            aborted = true;
            running = List.copyOf(uploads);
        }
        running.forEach(task -> task.cancel(true));
        running.forEach(TrackedTask::awaitLeft);
    }

    /** Returns the number of bytes collected so far. */
    public long bytesStored() {
        return bytesStored.get();
    }

    private record Parts(List<byte[]> parts, long total) implements Content {
        @Override
        public OptionalLong length() {
            return OptionalLong.of(total);
        }

        @Override
        public InputStream open() {
            return new SequenceInputStream(Collections.enumeration(
                    parts.stream().map(ByteArrayInputStream::new).toList()));
        }

        @Override
        public boolean repeatable() {
            return true;
        }
    }
}
