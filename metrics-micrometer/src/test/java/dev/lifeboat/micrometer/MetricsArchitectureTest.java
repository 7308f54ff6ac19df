package dev.lifeboat.micrometer;

import dev.lifeboat.testkit.PackageEdges;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The structure of this module. */
class MetricsArchitectureTest {
    private static final PackageEdges EDGES = new PackageEdges("dev.lifeboat.micrometer", Path.of("target/classes"));

    @Test
    void packages_importAsTheTableSays() throws IOException {
        EDGES.checkTable();
    }

    @Test
    void internalsAndLibraries_areInNoPublicSignature() {
        EDGES.checkSignatures("io.micrometer");
    }
}
