package dev.lifeboat.format.chunked;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.index.IndexFile;
import dev.lifeboat.internal.index.PackIds;
import dev.lifeboat.internal.pack.Directory;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts many small index objects together, and leaves out what objects say of packs that are gone. Objects that are large and true stay as they are, so
 * a prune writes what has changed and not the whole index; and only one of them is in memory at a time.
 */
final class IndexCompaction {
    private static final int MANY = 16;

    private final FormatContext context;
    private final PackIds gone;
    private final PackIds seen = new PackIds();
    private final List<Directory> batch = new ArrayList<>();
    private long batchBytes;

    private IndexCompaction(FormatContext context, PackIds gone) {
        this.context = context;
        this.gone = gone;
    }

    /**
     * Does it, if there is reason to.
     *
     * @param gone packs that were deleted; one that is not known is newer than the listing
     */
    static void run(FormatContext context, PackIds gone) throws IOException {
        new IndexCompaction(context, gone).run();
    }

    private void run() throws IOException {
        List<ObjectInfo> objects = new ArrayList<>();
        context.storage().list(IndexFile.PREFIX, objects::add);
        List<ObjectKey> small = new ArrayList<>();
        List<ObjectKey> replaced = new ArrayList<>();
        for (ObjectInfo object : objects) {
            if (isStale(object.key())) {
                replaced.add(object.key());
            } else if (object.length() < IndexFile.FULL_BYTES / 2) {
                small.add(object.key());
            }
        }
        if (!replaced.isEmpty() || small.size() >= MANY) {
            replaced.addAll(small);
        }
        List<ObjectKey> written = new ArrayList<>();
        for (ObjectKey key : replaced) {
            if (gather(key)) {
                written.add(key);
            }
        }
        flush();
        // Not before what takes their place is there.
        context.storage().delete(written);
    }

    /** What a damaged one said, the packs that it was about say themselves. What a newer release has left is not ours. */
    private boolean isStale(ObjectKey key) throws IOException {
        try {
            return IndexFile.read(context.storage(), context.keys(), key).stream()
                    .anyMatch(directory -> gone.contains(directory.pack().id()));
        } catch (FileNotFoundException | UnsupportedVersionException e) {
            return false;
        } catch (DamagedException e) {
            return true;
        }
    }

    /** False if it is not there any more. */
    private boolean gather(ObjectKey key) throws IOException {
        try {
            for (Directory directory : IndexFile.read(context.storage(), context.keys(), key)) {
                String pack = directory.pack().id();
                if (!gone.contains(pack) && !seen.contains(pack)) {
                    seen.add(pack);
                    batch.add(directory);
                    batchBytes += directory.byteCount();
                    if (batchBytes >= IndexFile.FULL_BYTES) {
                        flush();
                    }
                }
            }
            return true;
        } catch (DamagedException e) {
            return true;
        } catch (FileNotFoundException | UnsupportedVersionException e) {
            return false;
        }
    }

    private void flush() throws IOException {
        IndexFile.put(context, List.copyOf(batch));
        batch.clear();
        batchBytes = 0;
    }
}
