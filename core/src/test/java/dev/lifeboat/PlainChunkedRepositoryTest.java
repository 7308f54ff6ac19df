package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.chunked.ChunkedFormat;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.testkit.MemoryStorage;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlainChunkedRepositoryTest extends RepositoryContract {
    @Override
    ArchiveFormat format() {
        return ChunkedFormat.create();
    }

    @Override
    Encryption encryption() {
        return Encryption.none();
    }

    @Override
    String prefix() {
        return "packs/";
    }

    @Override
    int objectsOfOneSnapshot() {
        return 2;
    }

    /** Of a repository that was made before outcomes lay by series, or after something else was found better. */
    @Test
    void otherLayout_isRefused() throws IOException {
        open(storage).close();
        MemoryStorage other = storage.copy();
        JsonObject descriptor = SealedDocument.read(
                other, RepositoryObjects.DESCRIPTOR, RepositoryObjects.REPOSITORY, RepositoryObjects.VERSION);
        other.damage(
                RepositoryObjects.DESCRIPTOR,
                SealedDocument.seal(SealedDocument.start(RepositoryObjects.REPOSITORY, RepositoryObjects.VERSION)
                        .put("id", descriptor.string("id"))
                        .put("encryption", descriptor.string("encryption"))
                        .put("parameters", Map.of(RepositoryObjects.LAYOUT, "by-colour"))));
        assertThatThrownBy(() -> open(other))
                .isInstanceOf(BackupException.UnsupportedFormat.class)
                .hasMessageContaining("by-colour");
    }
}
