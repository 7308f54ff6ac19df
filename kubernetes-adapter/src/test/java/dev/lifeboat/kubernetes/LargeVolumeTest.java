package dev.lifeboat.kubernetes;

import static dev.lifeboat.kubernetes.ClusterFixture.kubectl;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.ScratchDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A volume of 1 GiB through the API server, both ways; the tests have a heap of 256 MB. */
@Tag("kubernetes")
@Tag("large")
@Timeout(900)
class LargeVolumeTest {
    @RegisterExtension
    final ClusterFixture cluster = new ClusterFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    @Test
    void gibibyte_isReadAndWrittenThroughExec() throws Exception {
        String namespace = cluster.namespace("large");
        ClusterFixture.apply(Shop.resource("files.yaml")
                .replace("NAMESPACE", namespace)
                .replace("replicas: 2", "replicas: 1")
                .replace("lifeboat-busybox:1", "lifeboat-tools:1"));
        kubectl("-n", namespace, "rollout", "status", "deployment/files", "--timeout=120s");
        String sums = "cd /data; for f in *; do busybox sha256sum $f; done";
        kubectl(
                "-n",
                namespace,
                "exec",
                "deployment/files",
                "--",
                "sh",
                "-c",
                "cd /data; busybox dd if=/dev/urandom of=big bs=1M count=1023; busybox truncate -s 1M holes");
        String before = kubectl("-n", namespace, "exec", "deployment/files", "--", "sh", "-c", sums);
        String copy = cluster.namespace("copy");
        try (Kubernetes kubernetes = Kubernetes.local();
                Repository repo = Repository.at(FileStorage.at(dir.resolve("repository")))
                        .encryption(Encryption.passphrase(() -> "secret"))
                        .openOrCreate()) {
            Snapshot snapshot = repo.backup(kubernetes.namespace(namespace).withoutHostPaths())
                    .run();
            assertThat(snapshot.stats().contentBytes()).isGreaterThan(1L << 30);
            System.out.println("backup through exec: " + snapshot.stats().duration());
            assertThat(repo.restore(snapshot)
                            .to(kubernetes.newNamespace(copy).withoutHostPaths())
                            .run()
                            .problems())
                    .isEmpty();
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
        assertThat(kubectl("-n", copy, "exec", "deployment/files", "--", "sh", "-c", sums))
                .isEqualTo(before);
    }
}
