package dev.lifeboat.kubernetes;

import static dev.lifeboat.kubernetes.ClusterFixture.kubectl;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.kubernetes.plan.RestoredWorkload;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryStorage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Restores of a namespace of a real cluster. */
@Tag("kubernetes")
@Timeout(300)
class NamespaceRestoreTest {
    @RegisterExtension
    final ClusterFixture cluster = new ClusterFixture();

    private final Kubernetes kubernetes = Kubernetes.local();
    private final Repository repo = Repository.at(new MemoryStorage())
            .encryption(Encryption.passphrase(() -> "secret"))
            .openOrCreate();

    @AfterEach
    void verify() {
        assertThat(repo.verify().readData().run().findings()).isEmpty();
        repo.close();
        kubernetes.close();
    }

    @Test
    void newNamespace_hasTheApplication_besideTheOriginal() throws Exception {
        Shop shop = new Shop(cluster);
        shop.sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS id");
        shop.sql("CHECKPOINT");
        shop.web("echo cached > /cache/page");
        Snapshot snapshot = repo.backup(kubernetes.namespace(shop.namespace)).run();
        String copy = cluster.namespace("copy");
        cluster.deleteLater("clusterrolebinding/" + shop.namespace + "-nodes-" + copy);
        List<RestoredWorkload> ready = new ArrayList<>();
        var result = repo.restore(snapshot)
                .to(kubernetes
                        .newNamespace(copy)
                        .ingressHost(shop.namespace + ".example.org", copy + ".example.org")
                        .onPlan(System.out::println)
                        .onReady(ready::add))
                .run();
        System.out.println(result.problems());
        assertThat(ready).extracting(RestoredWorkload::ready).containsOnly(true);
        Shop.awaitReady(copy);
        assertThat(Shop.sql(copy, "SELECT count(*) FROM t")).isEqualTo("1000");
        assertThat(kubectl("-n", copy, "exec", "deployment/web", "--", "cat", "/cache/page")).isEqualTo("cached");
    }
}
