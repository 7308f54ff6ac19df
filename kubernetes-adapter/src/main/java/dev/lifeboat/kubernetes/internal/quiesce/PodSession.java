package dev.lifeboat.kubernetes.internal.quiesce;

import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.PodExec;
import dev.lifeboat.quiesce.HeldCommand;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A command in a pod that is talked to line by line. Ending the connection ends its input. */
final class PodSession implements HeldCommand {
    private static final int BUFFER_BYTES = 4096;
    private static final int MAX_LINE_BYTES = 1 << 20;

    private final PodExec exec;
    private final String what;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int at;
    private int length;
    private volatile boolean closed;

    PodSession(PodExec exec, String what) {
        this.exec = exec;
        this.what = what;
    }

    @Override
    public void send(String line) throws IOException {
        exec.input().write((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String receive(Duration timeout) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            if (at == length) {
                Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
                length = Math.max(0, exec.read(buffer, left));
                at = 0;
                if (length == 0) {
                    throw new KubernetesException(
                            Kind.COMMAND_FAILED, "'" + what + "' has ended: " + line.toString(StandardCharsets.UTF_8));
                }
            }
            byte next = buffer[at++];
            if (next == '\n') {
                return line.toString(StandardCharsets.UTF_8);
            }
            if (line.size() == MAX_LINE_BYTES) {
                throw new KubernetesException(
                        Kind.COMMAND_FAILED, "'" + what + "' printed a line of over " + MAX_LINE_BYTES + " bytes");
            }
            line.write(next);
        }
    }

    /** Whether it has ended, though it was not closed. */
    boolean isLost() {
        return !closed && exec.hasEnded();
    }

    @Override
    public void close() {
        closed = true;
        exec.close();
    }
}
