package dev.lifeboat.format.chunked;

import dev.lifeboat.format.ArchiveFormat.Depth;
import dev.lifeboat.format.Damage;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.ChunkIndex.Place;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.pack.ChunkHeader;
import dev.lifeboat.internal.pack.ChunkKind;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.ChunkReader;
import dev.lifeboat.internal.pack.Directory;
import dev.lifeboat.internal.pack.PackInfo;
import dev.lifeboat.storage.ObjectInfo;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/** Checks that packs hold what the index says: by their length, or by reading them, all or a share. */
final class PackVerifier {
    private static final long MAX_PACK_BYTES = 128 << 20;

    private final FormatContext context;
    private final ChunkIndex index;
    private final ChunkReader reader;
    private final BitSet bad = new BitSet();
    private final List<Damage> damages = Collections.synchronizedList(new ArrayList<>());
    private final AtomicLong bytes = new AtomicLong();

    PackVerifier(FormatContext context, ChunkIndex index, ChunkReader reader) {
        this.context = context;
        this.index = index;
        this.reader = reader;
    }

    /**
     * What was found.
     *
     * @param bad entries of the index that cannot be read
     */
    record Result(BitSet bad, List<Damage> damages, long bytes) {}

    Result verify(Map<String, ObjectInfo> packs, Depth depth) throws IOException {
        List<List<Place>> byPack = entriesByPack();
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < byPack.size(); i++) {
            if (!index.isGone(i)) {
                numbers.add(i);
            }
        }
        Collections.shuffle(numbers, new Random());
        long read = Math.round(Math.ceil(numbers.size() * depth.share()));
        long deadline = System.nanoTime() + depth.budget().map(d -> d.toNanos()).orElse(0L);
        Semaphore atOnce = new Semaphore(Math.max(2, context.parallelism()));
        try (Tasks tasks = new Tasks(context.executor())) {
            long done = 0;
            for (int number : numbers) {
                ObjectInfo object = packs.get(index.pack(number).id());
                if (object == null) {
                    continue;
                }
                List<Place> places = byPack.get(number);
                boolean inTime = depth.budget().isEmpty() || System.nanoTime() - deadline < 0;
                if (done++ < read && inTime) {
                    acquire(atOnce);
                    tasks.start(() -> {
                        try {
                            read(number, object, places);
                        } finally {
                            atOnce.release();
                        }
                        return null;
                    });
                } else {
                    checkLength(number, object, places);
                }
            }
            tasks.await();
        }
        return new Result(bad, damages, bytes.get());
    }

    private static void acquire(Semaphore semaphore) throws IOException {
        try {
            semaphore.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        }
    }

    private List<List<Place>> entriesByPack() {
        List<List<Place>> byPack = new ArrayList<>();
        for (int i = 0; i < index.packCount(); i++) {
            byPack.add(new ArrayList<>());
        }
        for (int i = 0; i < index.size(); i++) {
            byPack.get(index.packOf(i)).add(index.entry(i));
        }
        return byPack;
    }

    private void checkLength(int number, ObjectInfo object, List<Place> places) {
        for (Place place : places) {
            if (place.offset() + (long) ChunkHeader.BYTES + place.storedLength() > object.length()) {
                tell(number, "the object has " + object.length() + " bytes, and should have more");
                markBad(places);
                return;
            }
        }
    }

    private void read(int number, ObjectInfo object, List<Place> places) throws IOException {
        PackInfo pack = index.pack(number);
        // A whole pack is read at once; none that we have written is that long.
        if (object.length() > MAX_PACK_BYTES) {
            tell(number, "the object has " + object.length() + " bytes, more than any pack");
            markBad(places);
            return;
        }
        byte[] content;
        try {
            content = reader.fetch(pack, 0, (int) object.length());
        } catch (FileNotFoundException e) {
            // Pruned since it was listed; who needs it finds it elsewhere, or tells.
            index.forget(pack);
            return;
        }
        bytes.addAndGet(content.length);
        try {
            reader.checkHead(pack, content);
            Directory directory = reader.directory(object);
            if (directory.count() != places.size()) {
                throw new DamagedException(
                        "it tells of " + directory.count() + " chunks, the index of " + places.size());
            }
        } catch (FileNotFoundException e) {
            index.forget(pack);
            return;
        } catch (DamagedException | UnsupportedVersionException e) {
            tell(number, String.valueOf(e.getMessage()));
        }
        for (Place place : places) {
            ChunkName name = index.name(place.entry());
            try {
                boolean opens = context.keys().mayRead() || index.kindCode(place.entry()) == ChunkKind.NODE.code();
                if (opens) {
                    reader.open(pack, content, place.offset(), name);
                } else {
                    reader.check(pack, content, place.offset(), name);
                }
            } catch (DamagedException e) {
                tell(number, String.valueOf(e.getMessage()));
                markBad(List.of(place));
            }
        }
    }

    private void tell(int number, String detail) {
        damages.add(new Damage(Optional.empty(), Optional.of(index.pack(number).key()), Optional.empty(), detail));
    }

    private void markBad(List<Place> places) {
        synchronized (bad) {
            places.forEach(place -> bad.set(place.entry()));
        }
    }
}
