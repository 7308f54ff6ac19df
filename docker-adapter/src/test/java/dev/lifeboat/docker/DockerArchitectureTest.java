package dev.lifeboat.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.testkit.PackageEdges;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The structure of this module; and a word about what a plain {@code mvn verify} leaves out. */
class DockerArchitectureTest {
    private static final PackageEdges EDGES = new PackageEdges("dev.lifeboat.docker", Path.of("target/classes"));

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
        EDGES.checkSignatures("com.github.dockerjava");
    }

    @Test
    void whatIsLeftOut_isSaid() {
        boolean withEngine = !System.getProperty("lifeboat.excludedGroups", "").contains("docker");
        String word = withEngine
                ? "the tests against a real engine run, too"
                : "LEFT OUT: all tests against a real engine (tag 'docker'). dev/test runs them";
        System.out.println("[INFO] " + word);
        assertThat(word).isNotEmpty();
    }
}
