package dev.lifeboat.automation;

import dev.lifeboat.testkit.PackageEdges;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The structure of this module. */
class AutomationArchitectureTest {
    private static final PackageEdges EDGES = new PackageEdges("dev.lifeboat.automation", Path.of("target/classes"));

    @Test
    void packages_importAsTheTableSays() throws IOException {
        EDGES.checkTable();
    }

    @Test
    void internalsAndLibraries_areInNoPublicSignature() {
        EDGES.checkSignatures();
    }
}
