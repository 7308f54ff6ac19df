package dev.lifeboat;

import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.chunked.ChunkedFormat;

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
}
