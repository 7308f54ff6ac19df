package dev.lifeboat.kubernetes.internal.transfer;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.internal.tar.TarEntryWriter;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.PodExec;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Writes a tree into a directory of a container by running {@code tar} in it. Every entry is sent. */
public final class TarUpload implements EntrySink, AutoCloseable {
    /** GNU tar reads records of 20 blocks, and waits for the end of the last one. */
    private static final int RECORD = 20 * 512;

    /** Sizes are sent before each piece, since the end of standard input never comes: see the class of exec. */
    private static final String FRAMES =
            "while read n && [ $n -gt 0 ]; do dd bs=$n count=1 iflag=fullblock 2>/dev/null;"
                    + " done | tar -xpf - -C \"$1\"";

    private final PodExec exec;
    private final String what;
    private final Counted out;
    private final TarEntryWriter writer;
    private final boolean gnu;
    private boolean broken;

    private TarUpload(PodExec exec, String what, boolean gnu, RestoreRequest request) {
        this.exec = exec;
        this.what = what;
        this.gnu = gnu;
        this.out = new Counted(gnu ? new BufferedOutputStream(exec.input(), 1 << 16) : new Framed(exec.input()));
        this.writer = gnu ? TarEntryWriter.posix(out, request) : TarEntryWriter.plain(out, request);
    }

    /**
     * Starts tar.
     *
     * @param gnu whether it is that of GNU
     */
    public static TarUpload start(
            ApiClient client, PodExec.Place place, String directory, boolean gnu, RestoreRequest request)
            throws IOException {
        List<String> command = gnu
                ? List.of(
                        "tar",
                        "--xattrs",
                        "--xattrs-include=*",
                        "--numeric-owner",
                        "--same-owner",
                        "-C",
                        directory,
                        "-xpf",
                        "-")
                : List.of("sh", "-c", FRAMES, "sh", directory);
        return new TarUpload(
                PodExec.start(client, place, command, true), "write to " + directory + " of " + place, gnu, request);
    }

    private static final class Counted extends OutputStream {
        private final OutputStream to;
        private long bytes;

        Counted(OutputStream to) {
            this.to = to;
        }

        @Override
        public void write(int b) throws IOException {
            to.write(b);
            bytes++;
        }

        @Override
        public void write(byte[] b, int off, int len) throws IOException {
            to.write(b, off, len);
            bytes += len;
        }

        @Override
        public void flush() throws IOException {
            to.flush();
        }
    }

    /** Sends pieces, each after its size on a line. */
    private static final class Framed extends OutputStream {
        private final OutputStream to;
        private final ByteArrayOutputStream piece = new ByteArrayOutputStream();

        Framed(OutputStream to) {
            this.to = to;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] b, int off, int len) throws IOException {
            piece.write(b, off, len);
            if (piece.size() >= 1 << 16) {
                flush();
            }
        }

        @Override
        public void flush() throws IOException {
            if (piece.size() > 0) {
                to.write((piece.size() + "\n").getBytes(StandardCharsets.US_ASCII));
                to.write(piece.toByteArray());
                piece.reset();
            }
        }
    }

    @Override
    public boolean requiresInlineContent() {
        return true;
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        checkWhole();
        return writer.offer(entry);
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        checkWhole();
        boolean whole = false;
        try {
            writer.content(entry, in);
            whole = true;
        } finally {
            broken = !whole;
        }
    }

    /** Zeros were written in the place of content that was lost: in a volume they must not stay unseen. */
    private void checkWhole() throws IOException {
        if (broken) {
            throw new IOException("cannot " + what + ": the content of an entry was lost in the middle of the stream");
        }
    }

    @Override
    public void report(Problem problem) {
        writer.report(problem);
    }

    /**
     * Ends the tar, and waits until it is written.
     *
     * @throws KubernetesException if tar fails
     */
    public void finish() throws IOException {
        checkWhole();
        writer.finish();
        if (out.bytes % RECORD != 0) {
            out.write(new byte[(int) (RECORD - out.bytes % RECORD)]);
        }
        out.flush();
        if (!gnu) {
            exec.input().write("0\n".getBytes(StandardCharsets.US_ASCII));
        }
        int code = exec.await();
        if (code != 0) {
            throw new KubernetesException(
                    Kind.COMMAND_FAILED,
                    "cannot " + what + ": tar exited with code " + code + ": " + exec.errorOutput());
        }
    }

    /** Ends the command, if it was not finished. */
    @Override
    public void close() {
        exec.close();
    }
}
