package dev.lifeboat.docker;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An engine behind a socket where something happens once the engine has carried out the n-th change that is asked for,
 * before the one who asks learns of it.
 */
abstract class ChangeRelay implements AutoCloseable {
    private final ServerSocketChannel server;
    private final Path socket;
    private final URI engine;
    private final Set<SocketChannel> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);

    ChangeRelay(URI engine, Path socket) throws IOException {
        this.engine = engine;
        this.socket = socket;
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
        start(this::accept);
    }

    URI uri() {
        return URI.create("unix://" + socket);
    }

    /** Arms the relay. */
    final void arm(int change) {
        left.set(change);
    }

    /** From here on, nothing happens. */
    final void disarmed() {
        left.set(Integer.MAX_VALUE);
    }

    /** Happens; the answer of the engine is passed on after it. */
    abstract void happens();

    /** Whether new connections are let through. */
    boolean isOpen() {
        return true;
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "relay");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel client = server.accept();
                if (!isOpen()) {
                    client.close();
                    continue;
                }
                SocketChannel upstream = SocketChannel.open(StandardProtocolFamily.UNIX);
                upstream.connect(UnixDomainSocketAddress.of(engine.getPath()));
                connections.add(client);
                connections.add(upstream);
                AtomicBoolean armed = new AtomicBoolean();
                start(() -> copy(client, upstream, bytes -> {
                    if (isChange(bytes) && left.decrementAndGet() == 0) {
                        armed.set(true);
                    }
                }));
                start(() -> copy(upstream, client, bytes -> {
                    if (armed.getAndSet(false)) {
                        happens();
                    }
                }));
            }
        } catch (IOException e) {
            // Closed: no more clients.
            return;
        }
    }

    private static boolean isChange(ByteBuffer bytes) {
        byte[] head = new byte[Math.min(7, bytes.remaining())];
        bytes.duplicate().get(head);
        String method = new String(head, StandardCharsets.ISO_8859_1);
        return method.startsWith("POST ") || method.startsWith("PUT ") || method.startsWith("DELETE ");
    }

    @FunctionalInterface
    private interface Watch {
        void see(ByteBuffer bytes);
    }

    private static void copy(SocketChannel from, SocketChannel to, Watch watch) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
        try (from;
                to) {
            while (from.read(buffer) >= 0) {
                buffer.flip();
                watch.see(buffer);
                while (buffer.hasRemaining()) {
                    to.write(buffer);
                }
                buffer.clear();
            }
        } catch (IOException e) {
            // One side is gone, so is the other.
            return;
        }
    }

    /** Ends all connections. */
    final void cut() throws IOException {
        for (SocketChannel connection : connections) {
            connection.close();
        }
        connections.clear();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
