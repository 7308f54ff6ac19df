package dev.lifeboat.archives;

import dev.lifeboat.testkit.PackageEdges;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The structure of this module. */
class ArchivesArchitectureTest {
    private static final PackageEdges EDGES = new PackageEdges("dev.lifeboat.archives", Path.of("target/classes"));

    @Test
    void packages_importAsTheTableSays() throws IOException {
        EDGES.checkTable();
    }

    @Test
    void internalsAndLibraries_areInNoPublicSignature() {
        EDGES.checkSignatures();
    }
}
