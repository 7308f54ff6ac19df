package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.testkit.ProcessesContract;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;

/** Processes that share a prefix of a bucket. */
@Tag("s3")
class S3ProcessesTest extends ProcessesContract {
    @Override
    protected Class<? extends Opener> opener() {
        return Prefix.class;
    }

    @Override
    protected String newPlace(Path scratch) {
        return TestServer.newPrefix();
    }

    /** Opens it in each of them. */
    public static final class Prefix implements Opener {
        @Override
        public StorageTarget open(String place) {
            return TestServer.at(TestServer.endpoint(), place).build();
        }
    }
}
