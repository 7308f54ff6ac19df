package dev.lifeboat.storage.s3;

import java.io.File;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;

/** A server of a test's own, which it may kill. */
final class OwnServer implements AutoCloseable {
    private final Path dir;
    private final int port;
    private Process process;

    OwnServer(Path dir) throws Exception {
        this(dir, "aws-v2-or-v4");
    }

    /**
     * Starts it.
     *
     * @param authorization {@code none}, if requests may be changed on their way
     */
    OwnServer(Path dir, String authorization) throws Exception {
        this.dir = dir;
        Files.createDirectories(dir.resolve("data").resolve(TestServer.env("BUCKET")));
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Files.writeString(
                dir.resolve("s3proxy.properties"),
                String.join(
                        "\n",
                        "s3proxy.endpoint=" + endpoint(),
                        "s3proxy.authorization=" + authorization,
                        "s3proxy.identity=" + TestServer.env("ACCESS_KEY"),
                        "s3proxy.credential=" + TestServer.env("SECRET_KEY"),
                        "s3proxy.ignore-unknown-headers=true",
                        "jclouds.provider=filesystem-nio2",
                        "jclouds.filesystem.basedir=" + dir.resolve("data"),
                        ""));
        process = start();
    }

    URI endpoint() {
        return URI.create("http://127.0.0.1:" + port);
    }

    private Process start() throws Exception {
        String server = TestServer.env("SERVER");
        Process started = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        server + File.pathSeparator + server + "/*",
                        "org.gaul.s3proxy.Main",
                        "--properties",
                        dir.resolve("s3proxy.properties").toString())
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(dir.resolve("log").toFile()))
                .start();
        for (int i = 0; i < 300 && started.isAlive(); i++) {
            try {
                HttpURLConnection connection =
                        (HttpURLConnection) endpoint().toURL().openConnection();
                connection.getResponseCode();
                return started;
            } catch (IOException e) {
                Thread.sleep(100);
            }
        }
        throw new IOException("the server does not answer: " + Files.readString(dir.resolve("log")));
    }

    /** SIGKILL, and a new one before the same files. */
    void killAndRestart(long pauseMillis) throws Exception {
        kill();
        Thread.sleep(pauseMillis);
        process = start();
    }

    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
