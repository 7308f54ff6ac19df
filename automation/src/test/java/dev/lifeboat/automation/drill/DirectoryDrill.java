package dev.lifeboat.automation.drill;

import dev.lifeboat.Repository;
import dev.lifeboat.Restore;
import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.Shell;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Drills of directories: restored below a directory, with one member, whose commands run on this machine. */
final class DirectoryDrill implements DrillTarget {
    private final Path below;
    /** What the members are. */
    final List<Member> members = new ArrayList<>(List.of(new Member("files", "RESTORED", true, Duration.ZERO, "")));

    /** Those that do not run any more once they were checked. */
    List<String> ended = List.of();

    long failedEntries;
    boolean failsToClose;

    DirectoryDrill(Path below) {
        this.below = below;
    }

    @Override
    public String location() {
        return below.toString();
    }

    @Override
    public List<String> removeLeftovers() throws IOException {
        Path left = below.resolve("left");
        return Files.deleteIfExists(left) ? List.of("left") : List.of();
    }

    @Override
    public Session begin(Repository repository, Snapshot snapshot) throws IOException {
        if (!snapshot.source().startsWith("dir:")) {
            throw new IOException("not a directory: " + snapshot.source());
        }
        Path files = below.resolve("drill");
        return new Session() {
            @Override
            public Restored restore() {
                Restore.Restored restored = repository
                        .restore(snapshot)
                        .to(DirectoryRestore.into(files))
                        .run();
                return new Restored(
                        members, restored.problems(), failedEntries, List.of("a <note>"), Map.of("files", "host path"));
            }

            @Override
            public List<String> ended() {
                return ended;
            }

            @Override
            public RestoredApplication application() {
                return new RestoredFiles(files);
            }

            @Override
            public void close() throws IOException {
                if (failsToClose) {
                    throw new IOException("the disk does not answer");
                }
                try {
                    Shell.run("rm", "-rf", files.toString());
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        };
    }

    private record RestoredFiles(Path files) implements RestoredApplication {
        @Override
        public List<String> members() {
            return List.of("files");
        }

        @Override
        public InetSocketAddress address(String member, int port) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        }

        @Override
        public CommandResult exec(String member, String... command) throws IOException {
            Process process = new ProcessBuilder(command)
                    .directory(files.toFile())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            try {
                return new CommandResult(process.waitFor(), output);
            } catch (InterruptedException e) {
                process.destroyForcibly();
                throw new IOException("interrupted", e);
            }
        }

        @Override
        public byte[] read(String member, String path, int limit) throws IOException {
            Path file = files.resolve(path.substring(1));
            if (!Files.exists(file)) {
                throw new FileNotFoundException(member + " has no " + path);
            }
            return Files.readAllBytes(file);
        }
    }
}
