package dev.lifeboat.docker.internal.transfer;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.engine.EngineInfo.Product;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.tar.TarMember;
import dev.lifeboat.internal.tar.TarReader;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Reads entries through the engine's {@code GET /containers/{id}/archive}. The engine does not report what it leaves
 * out of the archive.
 */
public final class ArchiveDownload {
    /** What every entry loses when it is read this way; the behavior of the engine is documented in ADR 0005. */
    private static final String LOSES =
            "times are truncated to seconds; user attributes, ACLs, holes and sockets are lost; all content is read";

    /** What is lost in Podman besides. */
    private static final String PODMAN_LOSES = "; all files belong to root; times are rounded";

    private final EngineClient client;
    private final String container;

    public ArchiveDownload(EngineClient client, String container) {
        this.client = client;
        this.container = container;
    }

    /** What every entry loses that is read from an engine; see docs/ENGINES.md. */
    public static String loses(EngineClient client) throws IOException {
        return LOSES + (client.info().product() == Product.PODMAN ? PODMAN_LOSES : "");
    }

    /**
     * Sends the tree at a path of the container's file system to a sink. Paths of entries are relative to that path.
     *
     * @param skipped excludes the paths that it matches
     */
    public void sendTo(EntrySink sink, String path, Predicate<EntryPath> skipped) throws IOException {
        String what = "read " + path + " of container " + container;
        try (InputStream in = open(path + "/.", what)) {
            TarReader tar = new TarReader(in);
            for (Optional<TarMember> next; (next = tar.next()).isPresent(); ) {
                TarMember member = next.get();
                if (!skipped.test(member.path())) {
                    send(member, member.toEntry(), sink);
                }
            }
        } catch (DamagedException e) {
            throw truncated(path, e);
        } catch (IllegalArgumentException e) {
            throw new IOException("cannot " + what + ": the engine did not send a valid tree: " + e.getMessage(), e);
        }
    }

    /** Sends only the entry at a path, without its children, under another path. */
    public void sendOne(EntrySink sink, String path, EntryPath as) throws IOException {
        try (InputStream in = open(path, "read " + path + " of container " + container)) {
            Optional<TarMember> first = new TarReader(in).next();
            if (first.isPresent()) {
                send(first.get(), first.get().toEntry().withPath(as), sink);
            }
        } catch (DamagedException e) {
            throw truncated(path, e);
        }
    }

    /**
     * Reads a file.
     *
     * @param limit how many bytes it may have
     * @throws DockerException of kind {@code NOT_FOUND} if there is none
     * @throws IOException if it has more bytes, or is no file
     */
    public byte[] readFile(String path, int limit) throws IOException {
        try (InputStream in = open(path, "read " + path + " of container " + container)) {
            TarMember first =
                    new TarReader(in).next().orElseThrow(() -> new IOException("the engine sent nothing for " + path));
            if (!first.toEntry().isFile()) {
                throw new IOException(path + " of container " + container + " is no file");
            }
            byte[] content = first.content().readNBytes(limit);
            if (first.content().read() >= 0) {
                throw new IOException(path + " of container " + container + " has more than " + limit + " bytes");
            }
            return content;
        } catch (DamagedException e) {
            throw truncated(path, e);
        }
    }

    /** Whether there is anything at a path. */
    public boolean exists(String path) throws IOException {
        try {
            open(path, "look for " + path + " in container " + container).close();
            return true;
        } catch (DockerException e) {
            if (e.kind() == DockerException.Kind.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    private InputStream open(String path, String what) throws IOException {
        String url = "/containers/" + EngineClient.encode(container) + "/archive?path=" + EngineClient.encode(path);
        return new BufferedInputStream(client.open(url, what), 1 << 16);
    }

    private static void send(TarMember member, Entry entry, EntrySink sink) throws IOException {
        if (sink.offer(entry)) {
            sink.content(entry, member.content());
        }
    }

    private IOException truncated(String path, DamagedException e) {
        return new IOException(
                "the engine ended its archive of " + path + " of container " + container + " early (" + e.getMessage()
                        + "): a file shrank while it was read. Quiesce the container: quiesce(Quiesce.pause())",
                e);
    }
}
