package dev.lifeboat.docker;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The socket of an engine behind another one. */
abstract class Relay implements AutoCloseable {
    private final ServerSocketChannel server;
    private final URI engine;
    private final Set<SocketChannel> connections = ConcurrentHashMap.newKeySet();

    /** Relays to an engine once it is started. */
    Relay(URI engine, ServerSocketChannel server) {
        this.engine = engine;
        this.server = server;
    }

    /** Looks at what is passed on. */
    @FunctionalInterface
    interface Watch {
        void see(ByteBuffer bytes);
    }

    /** What looks at both directions of a connection. */
    record Watches(Watch requests, Watch responses) {}

    /** Returns what looks at the next connection. */
    Watches watches() {
        return new Watches(bytes -> {}, bytes -> {});
    }

    /** Whether new connections are let through. */
    boolean isOpen() {
        return true;
    }

    final void start() {
        start(this::accept);
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
                Watches watches = watches();
                start(() -> copy(client, upstream, watches.requests()));
                start(() -> copy(upstream, client, watches.responses()));
            }
        } catch (IOException e) {
            // Closed: no more clients.
            return;
        }
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
    public final void close() throws IOException {
        server.close();
    }
}
