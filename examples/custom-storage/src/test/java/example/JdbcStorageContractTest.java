package example;

import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.testkit.StorageTargetContract;
import java.io.IOException;
import java.util.UUID;
import org.h2.jdbcx.JdbcDataSource;

/** The contract that Lifeboat's own storages are held by. */
class JdbcStorageContractTest extends StorageTargetContract {
    @Override
    protected StorageTarget newEmptyTarget() throws IOException {
        JdbcDataSource database = new JdbcDataSource();
        database.setUrl("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1");
        return new JdbcStorage(database);
    }
}
