package dev.lifeboat.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotTree;
import dev.lifeboat.testkit.MemoryStorage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Backups of a namespace of a real cluster. */
@Tag("kubernetes")
@Timeout(300)
class NamespaceBackupTest {
    @RegisterExtension
    final ClusterFixture cluster = new ClusterFixture();

    @Test
    void backup_takesAllObjects_andWhatTheyNeed() throws Exception {
        Shop shop = new Shop(cluster);
        shop.sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS id");
        shop.web("echo cached > /cache/page; ln /cache/page /cache/again");
        try (Kubernetes kubernetes = Kubernetes.local();
                Repository repo = Repository.at(new MemoryStorage())
                        .encryption(Encryption.passphrase(() -> "secret"))
                        .openOrCreate()) {
            Snapshot snapshot = repo.backup(kubernetes.namespace(shop.namespace)).run();
            TreeSet<String> paths = new TreeSet<>();
            try (SnapshotTree tree = repo.browse(snapshot)) {
                tree.find("**", entry -> paths.add(entry.path().toString()));
                paths.forEach(System.out::println);
            }
            System.out.println(snapshot.problems());
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }
}
