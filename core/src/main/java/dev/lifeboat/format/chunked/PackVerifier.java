package dev.lifeboat.format.chunked;

import dev.lifeboat.format.ArchiveFormat.Depth;
import dev.lifeboat.format.Damage;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.ChunkIndex.Place;
import dev.lifeboat.internal.io.HeapBudget;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.pack.ChunkHeader;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.ChunkReader;
import dev.lifeboat.internal.pack.Directory;
import dev.lifeboat.internal.pack.PackFile;
import dev.lifeboat.internal.pack.PackInfo;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/** Checks that packs match the index: by their length, or by reading all of them or a share. */
final class PackVerifier {
    /** Larger than any pack. */
    static final int MAX_PACK_BYTES = 128 << 20;

    private final FormatContext context;
    private final ChunkIndex index;
    private final ChunkReader reader;
    private final List<Damage> damages = Collections.synchronizedList(new ArrayList<>());
    private final AtomicLong bytes = new AtomicLong();

    PackVerifier(FormatContext context, ChunkIndex index, ChunkReader reader) {
        this.context = context;
        this.index = index;
        this.reader = reader;
    }

    /** The result. Entries of the index that cannot be read are now marked suspect. */
    record Result(List<Damage> damages, long bytes) {}

    Result verify(ChunkIndex.Listing listing, Depth depth) throws IOException {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < index.packCount(); i++) {
            if (!index.isGone(i)) {
                numbers.add(i);
            }
        }
        Collections.shuffle(numbers, new Random());
        long read = Math.round(Math.ceil(numbers.size() * depth.share()));
        long deadline = System.nanoTime() + depth.budget().map(d -> d.toNanos()).orElse(0L);
        Semaphore atOnce = new Semaphore(HeapBudget.tasks(Math.max(2, context.parallelism()), 16 << 20));
        try (Tasks tasks = new Tasks(context.executor())) {
            long done = 0;
            for (int number : numbers) {
                long length = listing.length(index.pack(number).id());
                boolean inTime = depth.budget().isEmpty() || System.nanoTime() - deadline < 0;
                if (done++ < read && inTime) {
                    acquire(atOnce);
                    tasks.start(() -> {
                        try {
                            read(number, length);
                        } finally {
                            atOnce.release();
                        }
                        return null;
                    });
                } else {
                    checkLength(number, length);
                }
            }
            tasks.await();
        }
        return new Result(damages, bytes.get());
    }

    private static void acquire(Semaphore semaphore) throws IOException {
        try {
            semaphore.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        }
    }

    private void checkLength(int number, long length) {
        for (int entry = index.firstOf(number); entry < index.endOf(number); entry++) {
            Place place = index.entry(entry);
            if (place.offset() + (long) ChunkHeader.BYTES + place.storedLength() > length) {
                tell(number, "the object has " + length + " bytes, fewer than its chunks need");
                suspectAll(number);
                return;
            }
        }
    }

    private void suspectAll(int number) {
        for (int entry = index.firstOf(number); entry < index.endOf(number); entry++) {
            index.suspect(entry);
        }
    }

    private void read(int number, long length) throws IOException {
        PackInfo pack = index.pack(number);
        // A pack is read in one piece. No pack written by this library is that long.
        if (length > MAX_PACK_BYTES) {
            tell(number, "the object has " + length + " bytes, more than any pack");
            suspectAll(number);
            return;
        }
        byte[] content;
        try {
            content = reader.fetch(pack, 0, (int) length);
        } catch (FileNotFoundException e) {
            // Pruned since it was listed. A caller that needs it finds its content elsewhere, or reports the loss.
            index.forget(pack);
            return;
        }
        bytes.addAndGet(content.length);
        try {
            reader.checkHead(pack, content);
            Directory directory = reader.directory(pack, length);
            int known = index.endOf(number) - index.firstOf(number);
            if (directory.count() != known) {
                throw new DamagedException("its directory lists " + directory.count() + " chunks, the index " + known);
            }
        } catch (FileNotFoundException e) {
            index.forget(pack);
            return;
        } catch (DamagedException | UnsupportedVersionException e) {
            tell(number, String.valueOf(e.getMessage()));
        }
        for (int entry = index.firstOf(number); entry < index.endOf(number); entry++) {
            Place place = index.entry(entry);
            ChunkName name = index.name(entry);
            try {
                reader.checkAll(pack, content, place.offset(), name);
            } catch (DamagedException e) {
                tell(number, String.valueOf(e.getMessage()));
                index.suspect(entry);
            }
        }
    }

    /**
     * Checks one pack, as far as the available keys permit.
     *
     * @return true
     * @throws DamagedException if it is damaged
     */
    static boolean isWhole(FormatContext context, ObjectKey key) throws IOException {
        ObjectInfo object = context.storage()
                .find(key)
                .orElseThrow(() -> new FileNotFoundException(
                        key + " is not in " + context.storage().location()));
        if (object.length() > MAX_PACK_BYTES) {
            throw new DamagedException(key + " has " + object.length() + " bytes, more than any pack");
        }
        ChunkReader reader = new ChunkReader(context.storage(), context.keys());
        Directory directory = PackFile.readDirectory(context.storage(), context.keys(), key, object.length());
        byte[] content = reader.fetch(directory.pack(), 0, (int) object.length());
        reader.checkHead(directory.pack(), content);
        for (int i = 0; i < directory.count(); i++) {
            reader.checkAll(directory.pack(), content, directory.offset(i), directory.name(i));
        }
        return true;
    }

    private void tell(int number, String detail) {
        damages.add(new Damage(Optional.empty(), Optional.of(index.pack(number).key()), Optional.empty(), detail));
    }
}
