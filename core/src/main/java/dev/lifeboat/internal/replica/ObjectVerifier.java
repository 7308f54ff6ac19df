package dev.lifeboat.internal.replica;

import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.function.Function;

/** Checks objects one by one: documents by their checksums, objects of formats with the formats. */
public final class ObjectVerifier implements IntegrityCheck {
    private final List<ArchiveFormat> formats;
    private final Function<StorageTarget, FormatContext> contexts;

    public ObjectVerifier(List<ArchiveFormat> formats, Function<StorageTarget, FormatContext> contexts) {
        this.formats = formats;
        this.contexts = contexts;
    }

    private static boolean isDocument(ObjectKey key) {
        return key.equals(RepositoryLayout.DESCRIPTOR)
                || key.value().startsWith(RepositoryLayout.KEY_SLOTS)
                || key.value().startsWith(RepositoryLayout.SNAPSHOTS)
                || key.value().startsWith(RepositoryLayout.TAGS)
                || key.value().startsWith(RepositoryLayout.AUDIT);
    }

    private static boolean isWhole(StorageTarget in, ObjectKey key) throws IOException {
        try (InputStream content = in.open(key, ByteRange.all())) {
            return SealedDocument.isWhole(content.readNBytes(SealedDocument.MAX_BYTES));
        }
    }

    @Override
    public boolean isIntact(StorageTarget in, ObjectKey key) throws IOException {
        if (isDocument(key)) {
            return isWhole(in, key);
        }
        for (ArchiveFormat format : formats) {
            try {
                if (format.check(contexts.apply(in), key)) {
                    return true;
                }
            } catch (DamagedException | UnsupportedVersionException e) {
                return false;
            }
        }
        return false;
    }
}
