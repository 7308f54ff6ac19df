package dev.lifeboat.kubernetes;

import dev.lifeboat.testkit.PackageEdges;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The structure of this module. */
class KubernetesArchitectureTest {
    private static final PackageEdges EDGES = new PackageEdges("dev.lifeboat.kubernetes", Path.of("target/classes"));

    @Test
    void packages_importAsTheTableSays() throws IOException {
        EDGES.checkTable();
    }

    @Test
    void internalsAndLibraries_areInNoPublicSignature() {
        // Those who have a client of their own give it.
        EDGES.checkSignatures("io.fabric8.kubernetes.client");
    }
}
