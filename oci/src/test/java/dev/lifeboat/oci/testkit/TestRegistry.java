package dev.lifeboat.oci.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.jspecify.annotations.Nullable;

/** Debian's docker-registry, as dev/registry unpacks it, on loopback with a directory. It can be killed and started. */
public final class TestRegistry implements AutoCloseable {
    private final Path dir;
    private final int port;
    private final boolean tls;
    private @Nullable Process process;

    private TestRegistry(Path dir, boolean tls, String configuration, int port) throws IOException {
        this.dir = dir;
        this.port = port;
        this.tls = tls;
        Files.writeString(dir.resolve("config.yml"), configuration);
        start();
    }

    private static String program() {
        String program = System.getenv("LIFEBOAT_REGISTRY");
        if (program == null) {
            throw new AssertionError("LIFEBOAT_REGISTRY is not set: eval \"$(dev/registry env)\"");
        }
        return program;
    }

    private static String base(Path dir, int port) {
        // With validation, it takes manifests with URLs only from an allowed place.
        return "version: 0.1\nvalidation:\n  manifests:\n    urls:\n      allow:\n        - ^https://layers[.]test/\nlog:\n  accesslog:\n    disabled: true\n  level: warn\nstorage:\n  delete:\n    enabled: true\n"
                + "  filesystem:\n    rootdirectory: " + dir.resolve("data") + "\nhttp:\n  addr: 127.0.0.1:" + port
                + "\n  secret: tests\n";
    }

    private static String tls(TestKey key) {
        return "  tls:\n    certificate: " + key.certificateFile() + "\n    key: " + key.keyFile() + "\n";
    }

    /** Starts one without TLS and without authentication. */
    public static TestRegistry plain(Path dir) throws IOException {
        int port = freePort();
        Files.createDirectories(dir);
        return new TestRegistry(dir, false, base(dir, port), port);
    }

    /** Starts one with TLS that knows its users by their passwords. */
    public static TestRegistry basic(Path dir, TestKey key, Map<String, String> users) throws IOException {
        int port = freePort();
        Files.createDirectories(dir);
        StringBuilder lines = new StringBuilder();
        byte[] salt = "lifeboat-tests-0".getBytes(StandardCharsets.UTF_8);
        users.forEach((user, password) -> lines.append(user)
                .append(':')
                .append(OpenBSDBCrypt.generate("2y", password.toCharArray(), salt, 4))
                .append('\n'));
        Files.writeString(dir.resolve("htpasswd"), lines);
        return new TestRegistry(
                dir,
                true,
                base(dir, port) + tls(key) + "auth:\n  htpasswd:\n    realm: tests\n    path: "
                        + dir.resolve("htpasswd") + "\n",
                port);
    }

    /** Starts one with TLS that takes the tokens of a token server. */
    public static TestRegistry token(Path dir, TestKey key, TokenServer server) throws IOException {
        int port = freePort();
        Files.createDirectories(dir);
        return new TestRegistry(
                dir,
                true,
                base(dir, port) + tls(key) + "auth:\n  token:\n    realm: " + server.realm() + "\n    service: "
                        + TokenServer.SERVICE + "\n    issuer: " + TokenServer.ISSUER + "\n    rootcertbundle: "
                        + key.certificateFile() + "\n",
                port);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** The address, such as {@code 127.0.0.1:5000}. */
    public String name() {
        return "127.0.0.1:" + port;
    }

    /** The address with its scheme. */
    public String url() {
        return (tls ? "https://" : "http://") + name();
    }

    /** Starts it again. */
    public void start() throws IOException {
        Path log = dir.resolve("log");
        Process started = new ProcessBuilder(
                        program(), "serve", dir.resolve("config.yml").toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        process = started;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
                return;
            } catch (IOException e) {
                if (!started.isAlive() || System.nanoTime() > end) {
                    throw new AssertionError("the registry does not start: " + Files.readString(log), e);
                }
            }
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }
    }

    /** Kills it, as SIGKILL does. */
    public void kill() {
        Optional.ofNullable(process)
                .ifPresent(running -> running.destroyForcibly().onExit().join());
    }

    /** Lets it delete nothing, and starts it again. */
    public void forbidDeletion() throws IOException {
        kill();
        Path file = dir.resolve("config.yml");
        Files.writeString(file, Files.readString(file).replace("enabled: true", "enabled: false"));
        start();
    }

    /** Removes what no tag refers to, as an operator does while the registry is stopped; starts it again. */
    public void collectGarbage() throws IOException, InterruptedException {
        kill();
        Path log = dir.resolve("log");
        int exit = new ProcessBuilder(
                        program(),
                        "garbage-collect",
                        "--delete-untagged",
                        dir.resolve("config.yml").toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start()
                .waitFor();
        if (exit != 0) {
            throw new AssertionError("no garbage collection: " + Files.readString(log));
        }
        start();
    }

    /** How many bytes of blobs it stores. */
    public long storedBytes() throws IOException {
        Path blobs = dir.resolve("data/docker/registry/v2/blobs");
        if (!Files.exists(blobs)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(blobs)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    /** The file in which it stores a blob. */
    public Path blobFile(String digest) {
        String hex = digest.substring(digest.indexOf(':') + 1);
        return dir.resolve("data/docker/registry/v2/blobs/sha256/" + hex.substring(0, 2) + "/" + hex + "/data");
    }

    @Override
    public void close() {
        kill();
    }
}
