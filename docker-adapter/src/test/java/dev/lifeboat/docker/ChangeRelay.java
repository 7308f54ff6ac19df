package dev.lifeboat.docker;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An engine behind a socket where something happens once the engine has carried out the n-th change that is asked for,
 * before the one who asks learns of it.
 */
abstract class ChangeRelay extends Relay {
    private final Path socket;
    private final AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);

    ChangeRelay(URI engine, Path socket) throws IOException {
        super(engine, ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket)));
        this.socket = socket;
        start();
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

    @Override
    final Watches watches() {
        AtomicBoolean armed = new AtomicBoolean();
        return new Watches(
                bytes -> {
                    if (isChange(bytes) && left.decrementAndGet() == 0) {
                        armed.set(true);
                    }
                },
                bytes -> {
                    if (armed.getAndSet(false)) {
                        happens();
                    }
                });
    }

    private static boolean isChange(ByteBuffer bytes) {
        byte[] head = new byte[Math.min(7, bytes.remaining())];
        bytes.duplicate().get(head);
        String method = new String(head, StandardCharsets.ISO_8859_1);
        return method.startsWith("POST ") || method.startsWith("PUT ") || method.startsWith("DELETE ");
    }
}
