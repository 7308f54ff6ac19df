package dev.lifeboat.format.tar;

import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.testkit.ArchiveFormatContract;
import org.junit.jupiter.api.Nested;

class TarFormatContractTest {
    @Nested
    class Zstd extends ArchiveFormatContract {
        @Override
        protected ArchiveFormat newFormat() {
            return TarFormat.create();
        }
    }

    @Nested
    class Gzip extends ArchiveFormatContract {
        @Override
        protected ArchiveFormat newFormat() {
            return TarFormat.gzip(1);
        }
    }

    @Nested
    class Uncompressed extends ArchiveFormatContract {
        @Override
        protected ArchiveFormat newFormat() {
            return TarFormat.uncompressed();
        }
    }
}
