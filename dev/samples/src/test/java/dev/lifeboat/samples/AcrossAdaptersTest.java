package dev.lifeboat.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.docker.Docker;
import dev.lifeboat.kubernetes.Kubernetes;
import dev.lifeboat.kubernetes.quiesce.PodQuiesce;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A database that moves from Docker to Kubernetes and back, through one repository. */
@Tag("docker")
@Tag("kubernetes")
@Timeout(300)
class AcrossAdaptersTest {
    private final String mark =
            HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    private final String name = "across-" + mark;

    @AfterEach
    void remove() {
        run(false, "", kubectl(), "delete", "namespace", name, "--wait=true");
        for (String container : List.of(name, name + "-back")) {
            run(false, "", "docker", "rm", "-f", "-v", container);
            run(false, "", "docker", "volume", "rm", container);
        }
    }

    private static String kubectl() {
        return String.valueOf(System.getenv("LIFEBOAT_KUBECTL"));
    }

    private static String run(boolean strict, String input, String... command) {
        try {
            Shell.Result result = Shell.run(input, List.of(command));
            if (strict) {
                assertThat(result.exitCode())
                        .as("%s: %s", List.of(command), result.output())
                        .isZero();
            }
            return result.output().strip();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void awaitHealthy(String container) throws InterruptedException {
        while (!run(true, "", "docker", "inspect", "-f", "{{.State.Health.Status}}", container)
                .equals("healthy")) {
            Thread.sleep(200);
        }
    }

    @Test
    void postgres_movesToAClaim_andBackToAVolume() throws Exception {
        String data = name + ":/var/lib/postgresql/data";
        run(true, "", "docker", "run", "-d", "--name", name, "-v", data, "lifeboat-postgres:15");
        awaitHealthy(name);
        run(true, "", "docker", "exec", name, "psql", "-c", "CREATE TABLE t AS SELECT generate_series(1, 1000) AS id");
        run(true, "", "docker", "stop", name);
        run(true, """
                apiVersion: v1
                kind: Namespace
                metadata: {name: NAME}
                ---
                apiVersion: v1
                kind: PersistentVolumeClaim
                metadata: {name: data, namespace: NAME}
                spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 100Mi}}}
                """.replace("NAME", name), kubectl(), "apply", "-f", "-");
        try (Docker docker = Docker.local();
                Kubernetes kubernetes = Kubernetes.local();
                Repository repo = Repository.at(new MemoryStorage())
                        .encryption(Encryption.passphrase(() -> "secret"))
                        .openOrCreate()) {
            Snapshot ofDocker = repo.backup(docker.volume(name)).run();
            repo.restore(ofDocker)
                    .to(kubernetes.intoClaim(name, name, "data").helperImage("lifeboat-postgres:15"))
                    .run();
            run(true, """
                    apiVersion: apps/v1
                    kind: Deployment
                    metadata: {name: db, namespace: NAME}
                    spec:
                      selector: {matchLabels: {app: db}}
                      template:
                        metadata: {labels: {app: db}}
                        spec:
                          containers:
                          - name: db
                            image: lifeboat-postgres:15
                            imagePullPolicy: Never
                            readinessProbe: {exec: {command: [psql, -c, "SELECT 1"]}, periodSeconds: 1}
                            volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data}]
                          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
                    """.replace("NAME", name), kubectl(), "apply", "-f", "-");
            run(true, "", kubectl(), "-n", name, "rollout", "status", "deployment/db", "--timeout=120s");
            String[] sql = {kubectl(), "-n", name, "exec", "deployment/db", "--", "psql", "-Atc"};
            List<String> insert = new ArrayList<>(List.of(sql));
            insert.add("INSERT INTO t VALUES (1001); SELECT count(*) FROM t");
            assertThat(run(true, "", insert.toArray(String[]::new))).endsWith("1001");

            Snapshot ofKubernetes = repo.backup(kubernetes.namespace(name).quiesce(PodQuiesce.scaleToZero()))
                    .run();
            repo.restore(ofKubernetes)
                    .to(docker.newVolume(name + ".data", name + "-back"))
                    .run();
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
        String back = name + "-back";
        run(
                true,
                "",
                "docker",
                "run",
                "-d",
                "--name",
                back,
                "-v",
                back + ":/var/lib/postgresql/data",
                "lifeboat-postgres:15");
        awaitHealthy(back);
        assertThat(run(true, "", "docker", "exec", back, "psql", "-Atc", "SELECT count(*) FROM t"))
                .isEqualTo("1001");
    }
}
