package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.GeneralCodingRules;
import dev.lifeboat.testkit.PackageEdges;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The structure of core, and the table of edges that all modules share. */
class ArchitectureTest {
    private static final Path CLASSES = Path.of("target/classes");
    private static final PackageEdges EDGES = new PackageEdges("dev.lifeboat", CLASSES);

    @Test
    void packages_importAsTheTableSays() throws IOException {
        EDGES.checkTable();
    }

    @Test
    void packages_haveNoCycles() {
        EDGES.checkNoCycles();
    }

    @Test
    void internalsAndLibraries_areInNoPublicSignature() {
        EDGES.checkSignatures();
    }

    @Test
    void architecturePage_showsTheTable() throws IOException {
        assertThat(Files.readString(Path.of("../docs/ARCHITECTURE.md")))
                .contains("```\n" + PackageEdges.table() + "```");
    }

    @Test
    void noStandardStreams_noJavaUtilLogging() {
        JavaClasses core = new ClassFileImporter().importPath(CLASSES);
        GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(core);
        GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING.check(core);
    }
}
