package dev.lifeboat.docker;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.ServerSocketChannel;

/**
 * An engine as it looks from another host: its socket behind a TCP port on loopback. It is not told apart from a
 * remote one.
 */
public final class TcpRelay extends Relay {
    private final int port;

    public TcpRelay(URI engine) throws IOException {
        this(engine, ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
    }

    private TcpRelay(URI engine, ServerSocketChannel server) throws IOException {
        super(engine, server);
        port = ((InetSocketAddress) server.getLocalAddress()).getPort();
        start();
    }

    public URI uri() {
        return URI.create("tcp://127.0.0.1:" + port);
    }
}
