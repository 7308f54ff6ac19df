package dev.lifeboat;

import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.chunked.ChunkedFormat;

class EncryptedChunkedRepositoryTest extends RepositoryContract {
    @Override
    ArchiveFormat format() {
        return ChunkedFormat.create();
    }

    @Override
    Encryption encryption() {
        return Encryption.key(() -> new byte[32]);
    }

    @Override
    String prefix() {
        return "packs/";
    }

    @Override
    int objectsOfOneSnapshot() {
        return 2;
    }
}
