package example;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Instant;
import java.util.List;

/** The standard output of a command, such as a database dump, as one file. A command that fails fails the backup. */
public final class CommandSource implements SnapshotSource {
    private final String name;
    private final List<String> command;

    public CommandSource(String name, String... command) {
        this.name = name;
        this.command = List.of(command);
    }

    @Override
    public String name() {
        return "command:" + name;
    }

    @Override
    public void sendTo(EntrySink sink) throws IOException {
        Entry output = Entry.fileOfUnknownSize(EntryPath.of(name), Attributes.of(0600, 0, 0, Instant.now()));
        if (!sink.offer(output)) {
            return;
        }
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (InputStream in = new CheckedOutput(process)) {
            sink.content(output, in);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Ends only if the command ended well: a dump that broke off must not pass for a short one. */
    private final class CheckedOutput extends FilterInputStream {
        private final Process process;

        CheckedOutput(Process process) {
            super(process.getInputStream());
            this.process = process;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            int n = super.read(b, off, len);
            if (n < 0) {
                try {
                    int code = process.waitFor();
                    if (code != 0) {
                        throw new IOException(command + " ended with exit code " + code);
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new InterruptedIOException("interrupted");
                }
            }
            return n;
        }
    }
}
