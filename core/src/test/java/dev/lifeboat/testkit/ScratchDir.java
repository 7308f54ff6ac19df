package dev.lifeboat.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A directory for each test, removed by {@code rm}, since Java cannot name all that our tests put into it. */
public final class ScratchDir implements BeforeEachCallback, AfterEachCallback {
    private Path path = Path.of(".");

    /** The directory of the test under way. */
    public Path path() {
        return path;
    }

    /** A place in it. */
    public Path resolve(String name) {
        return path.resolve(name);
    }

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        path = Files.createTempDirectory("lifeboat-test-");
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        Shell.run("rm", "-rf", "--", path.toString());
    }
}
