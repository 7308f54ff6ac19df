package dev.lifeboat.docker.internal.quiesce;

import dev.lifeboat.docker.internal.client.EngineAddress;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A process with the Java runtime and the classes of this one, which recovers what this one has left if it is killed:
 * its standard input then ends. Started with the first use, and again if it has ended. Thread-safe.
 */
public final class HelperProcess implements QuiesceJournal.Guard, EngineClient.LastResort {
    /** What it says once it waits. */
    public static final String READY = "ready";

    private static final long PATIENCE_SECONDS = 60;
    private static final Path SHELL = Path.of("/bin/sh");

    private final EngineClient client;
    private final List<String> command;
    private @Nullable Process process;

    /**
     * Describes a process.
     *
     * @param main its main class, which takes the directory of the journal, the address of the engine and the directory
     *     of certificates
     * @param client with which it ends
     * @param certificates if the engine is reached with TLS
     */
    public HelperProcess(
            Class<?> main, EngineClient client, EngineAddress address, Optional<Path> certificates, Path journal) {
        this.client = client;
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = Stream.of("java.class.path", "jdk.module.path")
                .map(name -> System.getProperty(name, ""))
                .filter(path -> !path.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));
        // Ctrl-C and the end of a terminal reach it, too, when there is still something to do.
        List<String> immune = Files.isExecutable(SHELL)
                ? List.of(SHELL.toString(), "-c", "trap '' INT TERM HUP; exec \"$@\"", "lifeboat-helper")
                : List.of();
        this.command = new ArrayList<>(immune);
        command.addAll(List.of(
                java,
                "-Xmx48m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classes,
                main.getName(),
                journal.toAbsolutePath().toString(),
                address.uri().toString()));
        certificates.ifPresent(directory -> command.add(directory.toString()));
    }

    /**
     * {@inheritDoc}
     *
     * @throws IOException if it cannot be started, such as when the classes of this process are in no file of the class
     *     path
     */
    @Override
    public synchronized void ready() throws IOException {
        if (process != null && process.isAlive()) {
            return;
        }
        Process started = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        boolean waits = false;
        try {
            waits = awaitReady(started);
        } finally {
            if (!waits) {
                started.destroyForcibly();
            }
        }
        process = started;
        client.closeBefore(this);
    }

    private static boolean awaitReady(Process started) throws IOException {
        CompletableFuture<String> said = CompletableFuture.supplyAsync(() -> lastLine(started.getInputStream()));
        try {
            String line = said.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (!line.equals(READY)) {
                throw new IOException("the helper process did not start; what it wrote to standard error says why. It"
                        + " needs the classes of this process as files of the class path");
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the helper process starts", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the helper process is not ready after " + PATIENCE_SECONDS + " s", e);
        }
    }

    /** Returns the line that says that it is ready, or what was printed last before its output ended. */
    private static String lastLine(InputStream in) {
        StringBuilder line = new StringBuilder();
        try {
            for (int b; (b = in.read()) >= 0; ) {
                if (b != '\n') {
                    line.append((char) b);
                } else if (line.toString().equals(READY)) {
                    return READY;
                } else {
                    line.setLength(0);
                }
            }
        } catch (IOException e) {
            return "";
        }
        return line.toString();
    }

    /** Ends the process. Nothing is quiesced any more. */
    @Override
    public synchronized void close() {
        if (process != null) {
            process.destroyForcibly();
            process = null;
        }
        client.closed(this);
    }
}
