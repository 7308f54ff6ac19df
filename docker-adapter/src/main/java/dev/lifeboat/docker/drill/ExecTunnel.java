package dev.lifeboat.docker.drill;

import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Execs;
import java.io.Closeable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A port of this machine's loopback interface whose connections end in a container: each is carried by a command in a
 * container, so that a network without a way in or out is reached, of an engine anywhere. Thread-safe.
 */
final class ExecTunnel implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(ExecTunnel.class);

    /** Exit code of the scripts if the container has no program for it. */
    private static final int NO_PROGRAM = 42;
    /** Exit codes if there is no shell: those of runc, crun and sh. */
    private static final Set<Long> NO_SHELL = Set.of(126L, 127L, -1L);

    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(20);
    private static final int BUFFER_BYTES = 32 << 10;

    /** Connects its input and output to an address; $0 is the host, $1 the port. */
    private static final String RELAY = script(
            "exec socat - \"TCP:$0:$1\"",
            "exec $nc \"$0\" \"$1\"",
            "exec bash -c 'exec 3<>\"/dev/tcp/$0/$1\" 4<&0 || exit 1; cat <&4 >&3 & cat <&3; kill $!' \"$0\" \"$1\"");

    /** Ends with exit code 0 if something listens at an address. */
    private static final String PROBE = script(
            "exec socat -u OPEN:/dev/null \"TCP:$0:$1,connect-timeout=2\"",
            "exec $nc -w 2 \"$0\" \"$1\" </dev/null",
            "exec bash -c 'exec 3<>\"/dev/tcp/$0/$1\"' \"$0\" \"$1\"");

    private final EngineClient client;
    private final String container;
    private final String member;
    private final String host;
    private final int port;
    private final ServerSocket server;
    private final Set<Closeable> open = ConcurrentHashMap.newKeySet();

    private static String script(String socat, String netcat, String bash) {
        return "has() { command -v \"$1\" >/dev/null 2>&1; }; nc=nc; has nc || nc='busybox nc'; "
                + "if has socat; then " + socat + "; elif has ${nc%% *}; then " + netcat + "; elif has bash; then "
                + bash
                + "; else exit " + NO_PROGRAM + "; fi";
    }

    private ExecTunnel(
            EngineClient client, String container, String member, String host, int port, ServerSocket server) {
        this.client = client;
        this.container = container;
        this.member = member;
        this.host = host;
        this.port = port;
        this.server = server;
    }

    /** Whether an address can be reached through a container. */
    enum Reach {
        /** Something listens there. */
        LISTENS,
        /** Nothing listens there. */
        REFUSED,
        /** The container has no program that connects. */
        NO_PROGRAM
    }

    /** Tries whether a container reaches an address. */
    static Reach probe(EngineClient client, String container, String member, String host, int port) throws IOException {
        Execs.Result result = new Execs(client).run(container, member, words(PROBE, host, port), "", PROBE_TIMEOUT);
        if (result.exitCode() == 0) {
            return Reach.LISTENS;
        }
        return result.exitCode() == NO_PROGRAM || NO_SHELL.contains(result.exitCode())
                ? Reach.NO_PROGRAM
                : Reach.REFUSED;
    }

    private static List<String> words(String script, String host, int port) {
        return List.of("sh", "-c", script, host, Integer.toString(port));
    }

    /**
     * Listens on a free port.
     *
     * @param container that carries the connections
     * @param host as that container knows it
     */
    static ExecTunnel open(EngineClient client, String container, String member, String host, int port)
            throws IOException {
        ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        ExecTunnel tunnel = new ExecTunnel(client, container, member, host, port, server);
        start("lifeboat-tunnel", tunnel::accept);
        return tunnel;
    }

    InetSocketAddress address() {
        return new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
    }

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                start("lifeboat-tunnel-connection", () -> carry(socket));
            } catch (IOException e) {
                if (!server.isClosed()) {
                    log.debug("no connection through a container [member={}, cause={}]", member, e.toString());
                }
            }
        }
    }

    private void carry(Socket socket) {
        open.add(socket);
        try (socket;
                InputStream in = new UntilClosed(socket.getInputStream());
                OutputStream out = socket.getOutputStream();
                Execs.Running relay = new Execs(client).start(container, member, words(RELAY, host, port), "", in)) {
            open.add(relay);
            try {
                InputStream from = relay.output();
                byte[] buffer = new byte[BUFFER_BYTES];
                for (int count; (count = from.read(buffer)) >= 0; ) {
                    out.write(buffer, 0, count);
                }
            } finally {
                open.remove(relay);
                // Ends the thread that sends, before its connection is closed.
                socket.shutdownInput();
            }
        } catch (IOException e) {
            log.debug("connection through a container has ended [member={}, cause={}]", member, e.toString());
        } finally {
            open.remove(socket);
        }
    }

    /** A connection that is closed has ended; the thread that reads it has no one to tell. */
    private static final class UntilClosed extends FilterInputStream {
        UntilClosed(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                return super.read(bytes, offset, length);
            } catch (SocketException e) {
                return -1;
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Closeable each : open) {
            each.close();
        }
    }
}
