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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * An engine behind a socket that kills a process with SIGKILL once the engine has carried out the n-th change that the
 * process asks for, before it learns of it.
 */
final class KillingRelay implements AutoCloseable {
    private final ServerSocketChannel server;
    private final Path socket;
    private final URI engine;
    private final AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);
    private final AtomicBoolean killed = new AtomicBoolean();
    private volatile @Nullable Process process;

    KillingRelay(URI engine, Path socket) throws IOException {
        this.engine = engine;
        this.socket = socket;
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
        start(this::accept);
    }

    URI uri() {
        return URI.create("unix://" + socket);
    }

    /** Arms the relay; the process is started afterwards. */
    void killAt(int change) {
        killed.set(false);
        process = null;
        left.set(change);
    }

    void victim(Process newProcess) {
        process = newProcess;
    }

    /** From here on, nothing is killed. Returns whether something was. */
    boolean disarm() {
        left.set(Integer.MAX_VALUE);
        return killed.get();
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
                AtomicBoolean armed = new AtomicBoolean();
                start(() -> copy(client, upstream, bytes -> {
                    if (isChange(bytes) && left.decrementAndGet() == 0) {
                        armed.set(true);
                    }
                }));
                start(() -> copy(upstream, client, bytes -> {
                    if (armed.getAndSet(false)) {
                        kill();
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

    private void kill() {
        try {
            Process victim = process;
            while (victim == null) {
                Thread.sleep(1);
                victim = process;
            }
            killed.set(true);
            victim.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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

    @Override
    public void close() throws IOException {
        server.close();
    }
}
