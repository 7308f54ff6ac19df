package dev.lifeboat.docker;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * An engine as it looks from another host: its socket behind a TCP port on loopback. It is not told apart from a
 * remote one.
 */
public final class TcpRelay implements AutoCloseable {
    private final ServerSocketChannel server;
    private final URI engine;

    public TcpRelay(URI engine) throws IOException {
        this.engine = engine;
        server = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        start(this::accept);
    }

    public URI uri() throws IOException {
        return URI.create("tcp://127.0.0.1:" + ((InetSocketAddress) server.getLocalAddress()).getPort());
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
                SocketChannel upstream = SocketChannel.open(StandardProtocolFamily.UNIX);
                upstream.connect(UnixDomainSocketAddress.of(engine.getPath()));
                start(() -> copy(client, upstream));
                start(() -> copy(upstream, client));
            }
        } catch (IOException e) {
            // Closed: no more clients.
            return;
        }
    }

    private static void copy(ByteChannel from, ByteChannel to) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
        try (from;
                to) {
            while (from.read(buffer) >= 0) {
                buffer.flip();
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

    @Override
    public void close() throws IOException {
        server.close();
    }
}
