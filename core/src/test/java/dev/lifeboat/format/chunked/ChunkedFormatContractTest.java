package dev.lifeboat.format.chunked;

import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.internal.seal.KeyBundle;
import dev.lifeboat.internal.seal.SealedKeys;
import dev.lifeboat.testkit.ArchiveFormatContract;
import java.security.SecureRandom;
import org.junit.jupiter.api.Nested;

class ChunkedFormatContractTest {
    @Nested
    class Plain extends ArchiveFormatContract {
        @Override
        protected ArchiveFormat newFormat() {
            return ChunkedFormat.create();
        }
    }

    @Nested
    class Encrypted extends ArchiveFormatContract {
        @Override
        protected ArchiveFormat newFormat() {
            return ChunkedFormat.zstd(1);
        }

        @Override
        protected RepositoryKeys newKeys() {
            SecureRandom random = new SecureRandom();
            return new SealedKeys(new byte[16], KeyBundle.generate(random), random);
        }
    }
}
