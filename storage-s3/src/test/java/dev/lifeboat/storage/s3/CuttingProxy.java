package dev.lifeboat.storage.s3;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** A network between a client and a server that cuts connections: each after some bytes, either way, until enough were cut. */
final class CuttingProxy implements AutoCloseable {
    private final ServerSocket listening;
    private final URI server;
    private final Random random = new Random(5);
    private final AtomicInteger cutsLeft;
    private final int leastBytes;

    CuttingProxy(URI server, int cuts, int leastBytes) throws IOException {
        this.server = server;
        this.cutsLeft = new AtomicInteger(cuts);
        this.leastBytes = leastBytes;
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    URI endpoint() {
        return URI.create("http://127.0.0.1:" + listening.getLocalPort());
    }

    /** How often it may still cut. */
    int cutsLeft() {
        return cutsLeft.get();
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void start(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // The connection has ended, which is what this is for.
                return;
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() throws IOException {
        while (!listening.isClosed()) {
            Socket client = listening.accept();
            Socket behind = new Socket(server.getHost(), server.getPort());
            boolean cuts = cutsLeft.get() > 0;
            start(() -> copy(client, behind, cuts));
            start(() -> copy(behind, client, cuts));
        }
    }

    private void copy(Socket from, Socket to, boolean cuts) throws IOException {
        long left = cuts ? leastBytes + random.nextInt(4 * leastBytes) : Long.MAX_VALUE;
        byte[] buffer = new byte[8192];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int n; (n = in.read(buffer, 0, (int) Math.min(buffer.length, left))) >= 0; left -= n) {
                out.write(buffer, 0, n);
                if (left - n <= 0) {
                    if (cutsLeft.getAndDecrement() > 0) {
                        // A reset, not an orderly end.
                        from.setSoLinger(true, 0);
                        to.setSoLinger(true, 0);
                        return;
                    }
                    left = Long.MAX_VALUE;
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
