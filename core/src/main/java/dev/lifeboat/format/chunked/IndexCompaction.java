package dev.lifeboat.format.chunked;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.index.IndexFile;
import dev.lifeboat.internal.index.PackIds;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.pack.Directory;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Merges small index objects once there are many, and drops directories of packs that are gone. Large index objects
 * that are up to date stay, so a prune rewrites what has changed and not the whole index. Only one of them is in memory
 * at a time.
 */
final class IndexCompaction {
    private static final int MANY = 16;

    private final FormatContext context;
    private final PackIds there = new PackIds();
    private final PackIds seen = new PackIds();
    private final List<Directory> batch = new ArrayList<>();
    private long batchBytes;

    private IndexCompaction(FormatContext context) {
        this.context = context;
    }

    /** Compacts the index if it is worthwhile. */
    static void run(FormatContext context) throws IOException {
        new IndexCompaction(context).run();
    }

    private void run() throws IOException {
        List<ObjectInfo> objects = new ArrayList<>();
        context.storage().list(RepositoryLayout.INDEX, objects::add);
        // After the objects: the packs they name were put before them, so a pack that is not listed is gone.
        context.storage().list(RepositoryLayout.PACKS, object -> ids(object.key()));
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
        // Only after the replacements are stored.
        context.storage().delete(written);
    }

    private void ids(ObjectKey pack) {
        if (pack.lastSegment().matches("[0-9a-f]{32}")) {
            there.add(pack.lastSegment());
        }
    }

    /**
     * Returns whether an object names packs that are gone. Objects of a newer release are left alone, and damaged ones
     * are left for a repair.
     */
    private boolean isStale(ObjectKey key) throws IOException {
        try {
            return IndexFile.read(context.storage(), context.keys(), key).stream()
                    .anyMatch(directory -> !there.contains(directory.pack().id()));
        } catch (FileNotFoundException | UnsupportedVersionException | DamagedException e) {
            return false;
        }
    }

    /** Adds the directories of an object. Returns false if it is gone or cannot be read. */
    private boolean gather(ObjectKey key) throws IOException {
        try {
            for (Directory directory : IndexFile.read(context.storage(), context.keys(), key)) {
                String pack = directory.pack().id();
                if (there.contains(pack) && !seen.contains(pack)) {
                    seen.add(pack);
                    batch.add(directory);
                    batchBytes += directory.byteCount();
                    if (batchBytes >= IndexFile.FULL_BYTES) {
                        flush();
                    }
                }
            }
            return true;
        } catch (FileNotFoundException | UnsupportedVersionException | DamagedException e) {
            return false;
        }
    }

    private void flush() throws IOException {
        IndexFile.put(context, List.copyOf(batch));
        batch.clear();
        batchBytes = 0;
    }
}
