package dev.lifeboat.docker.internal.client;

import com.github.dockerjava.transport.DockerHttpClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reaches an engine through the system's {@code ssh}, as the docker command does: each connection is a
 * {@code ssh HOST docker system dial-stdio}. Keys, hosts and agents are those of ssh, which must not ask for a
 * password. Connections go through a unix socket in a directory that only this user can enter.
 */
public final class SshTransport implements Transport {
    private static final Logger log = LoggerFactory.getLogger(SshTransport.class);
    private static final int BUFFER = 1 << 16;

    private final URI uri;
    private final List<String> options;
    private final Set<Process> processes = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;
    private @Nullable Path directory;
    private @Nullable ServerSocketChannel server;

    /** Prepares connections; nothing is started yet. */
    SshTransport(URI uri) {
        this(uri, List.of());
    }

    /** Prepares connections with options of ssh. */
    public SshTransport(URI uri, List<String> options) {
        this.uri = uri;
        this.options = List.copyOf(options);
    }

    @Override
    public synchronized DockerHttpClient connect(Optional<Duration> patience) throws IOException {
        if (closed) {
            throw new IOException("the connections to " + uri + " are closed");
        }
        Path made = directory;
        if (made == null) {
            made = Files.createTempDirectory(
                    "lifeboat-ssh-",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            listening.bind(UnixDomainSocketAddress.of(made.resolve("engine.sock")));
            server = listening;
            directory = made;
            daemon("lifeboat-ssh", () -> serve(listening));
        }
        return Transport.to(URI.create("unix://" + made.resolve("engine.sock")), null)
                .connect(patience);
    }

    private static void daemon(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void serve(ServerSocketChannel listening) {
        while (listening.isOpen()) {
            try {
                SocketChannel connection = listening.accept();
                daemon("lifeboat-ssh-connection", () -> carry(connection));
            } catch (IOException e) {
                log.debug("no connection through ssh [uri={}, cause={}]", uri, e.toString());
            }
        }
    }

    private void carry(SocketChannel connection) {
        try (connection) {
            Process ssh = new ProcessBuilder(command())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            processes.add(ssh);
            if (closed) {
                ssh.destroy();
            }
            try {
                daemon("lifeboat-ssh-send", () -> send(connection, ssh.getOutputStream()));
                receive(ssh.getInputStream(), connection);
            } finally {
                ssh.destroy();
                processes.remove(ssh);
            }
        } catch (IOException e) {
            log.debug("connection through ssh has ended [uri={}, cause={}]", uri, e.toString());
        }
    }

    /** As the docker command builds it; BatchMode, since there is no terminal for a question. */
    private List<String> command() {
        List<String> command = new ArrayList<>(List.of("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"));
        command.addAll(options);
        if (uri.getUserInfo() != null) {
            command.addAll(List.of("-l", uri.getUserInfo()));
        }
        if (uri.getPort() >= 0) {
            command.addAll(List.of("-p", Integer.toString(uri.getPort())));
        }
        // An address of IPv6 has brackets.
        command.addAll(List.of("--", uri.getHost().replaceAll("[\\[\\]]", ""), "docker"));
        if (uri.getPath() != null && uri.getPath().length() > 1) {
            command.addAll(List.of("--host", "unix://" + uri.getPath()));
        }
        command.addAll(List.of("system", "dial-stdio"));
        return command;
    }

    private static void send(SocketChannel from, OutputStream to) {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        try (to) {
            while (from.read(buffer) >= 0) {
                to.write(buffer.array(), 0, buffer.position());
                to.flush();
                buffer.clear();
            }
        } catch (IOException e) {
            log.debug("connection through ssh has ended [cause={}]", e.toString());
        }
    }

    private static void receive(InputStream from, SocketChannel to) throws IOException {
        byte[] buffer = new byte[BUFFER];
        for (int n; (n = from.read(buffer)) >= 0; ) {
            ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, n);
            while (bytes.hasRemaining()) {
                to.write(bytes);
            }
        }
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        Path made = directory;
        ServerSocketChannel listening = server;
        if (made == null || listening == null) {
            return;
        }
        directory = null;
        server = null;
        listening.close();
        for (Process process : processes) {
            process.destroy();
            try {
                process.waitFor(1, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        Files.deleteIfExists(made.resolve("engine.sock"));
        Files.deleteIfExists(made);
    }
}
