package dev.lifeboat.format.chunked;

import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.testkit.ArchiveFormatContract;

class ChunkedFormatContractTest extends ArchiveFormatContract {
    @Override
    protected ArchiveFormat newFormat() {
        return ChunkedFormat.create();
    }
}
