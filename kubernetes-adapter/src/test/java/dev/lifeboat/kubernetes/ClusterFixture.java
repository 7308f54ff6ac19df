package dev.lifeboat.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Namespaces of one test in a real cluster (dev/kubernetes), and kubectl, which makes and checks them. After the test
 * they are deleted, and no pod of ours may be left.
 */
final class ClusterFixture implements BeforeEachCallback, AfterEachCallback {
    static final String BUSYBOX = "lifeboat-busybox:1";
    static final String POSTGRES = "lifeboat-postgres:15";

    private final List<String> namespaces = new ArrayList<>();
    private final List<String> ofCluster = new ArrayList<>();
    private String mark = "";

    @Override
    public void beforeEach(ExtensionContext context) {
        mark = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    }

    /** Returns the name of a namespace that is deleted after the test, if it is there by then. */
    String namespace(String name) {
        String full = name + "-" + mark;
        if (!namespaces.contains(full)) {
            namespaces.add(full);
        }
        return full;
    }

    /** Returns a name that other tests do not have. */
    String name(String name) {
        return name + "-" + mark;
    }

    /** Has an object of the cluster deleted after the test, such as {@code crd/vouchers.example.org}. */
    void deleteLater(String object) {
        ofCluster.add(object);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        assertThat(kubectl("get", "pods", "-A", "-l", "dev.lifeboat/helper", "-o", "name"))
                .as("pods that are left")
                .isEmpty();
        List<String> command = new ArrayList<>(List.of("delete", "namespace", "--ignore-not-found", "--wait=true"));
        command.addAll(namespaces);
        if (!namespaces.isEmpty()) {
            kubectl(command.toArray(String[]::new));
        }
        for (String object : ofCluster) {
            kubectl("delete", "--ignore-not-found", "--wait=true", object);
        }
        namespaces.clear();
        ofCluster.clear();
    }

    /** Applies YAML. */
    static void apply(String yaml) {
        run(yaml, true, "apply", "-f", "-");
    }

    /** Runs kubectl; returns its output, stripped. */
    static String kubectl(String... arguments) {
        return run("", true, arguments);
    }

    /** Runs kubectl, which may fail. */
    static String tryKubectl(String... arguments) {
        return run("", false, arguments);
    }

    private static String run(String input, boolean strict, String... arguments) {
        String kubectl =
                Objects.requireNonNull(System.getenv("LIFEBOAT_KUBECTL"), "no cluster: eval \"$(dev/kubernetes env)\"");
        List<String> command = new ArrayList<>(List.of(kubectl));
        command.addAll(List.of(arguments));
        try {
            Shell.Result result = Shell.run(input, command);
            if (strict) {
                assertThat(result.exitCode())
                        .as("%s: %s", command, result.output())
                        .isZero();
            }
            return result.output().strip();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
