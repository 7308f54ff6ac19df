package dev.lifeboat.docker.internal.transfer;

import com.github.dockerjava.transport.DockerHttpClient.Request;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HelperContainer;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UnnamedFile;
import dev.lifeboat.internal.tar.TarMember;
import dev.lifeboat.internal.tar.TarReader;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;

/**
 * A volume as the engine's API gives it: a tar in a temporary file that is gone when the process ends. It goes back as
 * it came, so it loses what the API loses, and no more. Thread-safe.
 */
public final class VolumeTar implements AutoCloseable {
    private final UnnamedFile file;
    private final long names;
    private final long bytes;

    private VolumeTar(UnnamedFile file, long names, long bytes) {
        this.file = file;
        this.names = names;
        this.bytes = bytes;
    }

    /**
     * Reads a volume, through a container that is never started.
     *
     * @throws IOException if the engine ends the tar early, as when a file shrinks meanwhile
     */
    public static VolumeTar read(EngineClient client, String volume) throws IOException {
        String what = "read volume " + volume;
        try (HelperContainer helper = HelperContainer.mount(client, volume);
                InputStream in = client.open(archive(helper, HelperContainer.DESTINATION), what)) {
            return of(in);
        } catch (DamagedException e) {
            throw new IOException("cannot " + what + ": the engine ended its archive early: " + e.getMessage(), e);
        }
    }

    /** Takes over a tar to its end. The caller closes the stream. */
    public static VolumeTar of(InputStream in) throws IOException {
        UnnamedFile file = UnnamedFile.create("lifeboat-volume-");
        boolean whole = false;
        try {
            VolumeTar tar = copied(in, file);
            whole = true;
            return tar;
        } finally {
            if (!whole) {
                file.close();
            }
        }
    }

    /** Returns its bytes from the beginning. */
    public InputStream open() {
        return file.input();
    }

    private static VolumeTar copied(InputStream in, UnnamedFile file) throws IOException {
        OutputStream out = file.output();
        InputStream copying = new BufferedInputStream(new Copying(in, out), 1 << 18);
        TarReader tar = new TarReader(copying);
        long names = 0;
        long bytes = 0;
        for (Optional<TarMember> next; (next = tar.next()).isPresent(); names++) {
            Io.checkInterrupt();
            bytes += next.get().toEntry().size().orElse(0);
        }
        // What follows the end, such as the rest of a record, belongs to the stream.
        Io.drain(copying);
        return new VolumeTar(file, names, bytes);
    }

    private static String archive(HelperContainer helper, String path) {
        return "/containers/" + helper.id() + "/archive?path=" + EngineClient.encode(path);
    }

    /** Number of its entries. */
    public long names() {
        return names;
    }

    /** Content of its files. */
    public long bytes() {
        return bytes;
    }

    /** Writes it into an empty volume. */
    public void write(EngineClient client, String volume) throws IOException {
        try (HelperContainer helper = HelperContainer.mount(client, volume)) {
            client.send(Request.Method.PUT, archive(helper, "/"), file.input(), "write to volume " + volume);
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    /** Writes all that is read. */
    private static final class Copying extends BulkInputStream {
        private final InputStream in;
        private final OutputStream out;

        Copying(InputStream in, OutputStream out) {
            this.in = in;
            this.out = out;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            int n = in.read(b, off, len);
            if (n > 0) {
                out.write(b, off, n);
            }
            return n;
        }
    }
}
