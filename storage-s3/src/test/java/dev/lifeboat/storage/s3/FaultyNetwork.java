package dev.lifeboat.storage.s3;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A bad network between a client and a server: slow, far, or one that breaks connections, each after some bytes in
 * either direction, until enough were broken.
 */
final class FaultyNetwork implements AutoCloseable {
    /** How a connection breaks. */
    enum Fault {
        /** Both ends are told at once. */
        RESET,
        /** An orderly end, in the middle of something. */
        TRUNCATE,
        /** Nothing arrives any more, without an error. */
        DROP
    }

    private final ServerSocket listening;
    private final URI server;
    private final Random random = new Random(5);
    private final AtomicInteger faultsLeft = new AtomicInteger();
    private volatile Fault fault = Fault.RESET;
    private volatile int leastBytes = 1;
    private volatile Duration delay = Duration.ZERO;
    private volatile int bytesPerSecond = Integer.MAX_VALUE;
    private volatile boolean down;
    private volatile byte[] hidden = {};

    FaultyNetwork(URI server) throws IOException {
        this.server = server;
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    /**
     * Has so many connections break, of those that are made from now on, each after so many bytes to five times as
     * many.
     */
    FaultyNetwork breaking(Fault how, int times, int afterBytes) {
        fault = how;
        leastBytes = afterBytes;
        faultsLeft.set(times);
        return this;
    }

    /** Has all that is sent together arrive so much later. */
    FaultyNetwork delaying(Duration by) {
        delay = by;
        return this;
    }

    /** Lets each connection pass so much, in each direction. */
    FaultyNetwork limitedTo(int newBytesPerSecond) {
        bytesPerSecond = newBytesPerSecond;
        return this;
    }

    /** Lets no server see some text: a store behind this does not know what it asks for. Only without signatures. */
    FaultyNetwork hiding(String text) {
        hidden = text.getBytes(StandardCharsets.US_ASCII);
        return this;
    }

    /** Lets nothing arrive any more, or again what connects from now on. */
    void setDown(boolean isDown) {
        down = isDown;
    }

    URI endpoint() {
        return URI.create("http://127.0.0.1:" + listening.getLocalPort());
    }

    int faultsLeft() {
        return faultsLeft.get();
    }

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private static void start(Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException | InterruptedException e) {
                        // The connection, or the test, is over.
                        return;
                    }
                },
                "network");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() throws IOException {
        while (true) {
            Socket client = listening.accept();
            Socket behind;
            try {
                behind = new Socket(server.getHost(), server.getPort());
            } catch (IOException e) {
                // A server that is gone refuses; so does this.
                client.close();
                continue;
            }
            client.setTcpNoDelay(true);
            behind.setTcpNoDelay(true);
            Connection connection = new Connection(client, behind, faultsLeft.get() > 0);
            start(() -> connection.copy(client, behind));
            start(() -> connection.copy(behind, client));
        }
    }

    /** Two ends; a fault in one direction is one of both. */
    private final class Connection {
        private final Socket client;
        private final Socket behind;
        private final boolean breaks;
        private volatile boolean dropped;

        Connection(Socket client, Socket behind, boolean breaks) {
            this.client = client;
            this.behind = behind;
            this.breaks = breaks;
        }

        void copy(Socket from, Socket to) throws IOException, InterruptedException {
            long left = breaks ? leastBytes + random.nextInt(4 * leastBytes) : Long.MAX_VALUE;
            byte[] buffer = new byte[16_384];
            try (from;
                    to) {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int n; (n = in.read(buffer, 0, (int) Math.min(8192, left))) >= 0; left -= n) {
                    dropped |= down;
                    if (dropped) {
                        left = Long.MAX_VALUE;
                        continue;
                    }
                    if (!delay.isZero() && in.available() == 0) {
                        Thread.sleep(delay.toMillis());
                    }
                    if (bytesPerSecond < Integer.MAX_VALUE) {
                        Thread.sleep(Math.max(1, n * 1000L / bytesPerSecond));
                    }
                    if (hidden.length > 0 && from == client) {
                        n = hide(buffer, n, in);
                    }
                    out.write(buffer, 0, n);
                    if (left - n <= 0) {
                        left = Long.MAX_VALUE;
                        if (faultsLeft.getAndDecrement() > 0 && endsHere()) {
                            return;
                        }
                    }
                }
            }
        }

        /**
         * Overwrites the hidden text; gives how much is in the buffer then, since text that ends outside has to be
         * read to its end.
         */
        private int hide(byte[] buffer, int read, InputStream in) throws IOException {
            int length = read;
            for (int i = 0; i < length; i++) {
                int alike = 0;
                while (alike < hidden.length && i + alike < length && buffer[i + alike] == hidden[alike]) {
                    alike++;
                    if (i + alike == length && alike < hidden.length && length < buffer.length) {
                        length += Math.max(0, in.read(buffer, length, 1));
                    }
                }
                if (alike == hidden.length) {
                    Arrays.fill(buffer, i, i + alike, (byte) 'x');
                }
            }
            return length;
        }

        private boolean endsHere() throws SocketException {
            if (fault == Fault.DROP) {
                dropped = true;
                return false;
            }
            if (fault == Fault.RESET) {
                client.setSoLinger(true, 0);
                behind.setSoLinger(true, 0);
            }
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
