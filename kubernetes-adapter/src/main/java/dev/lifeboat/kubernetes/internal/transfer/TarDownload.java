package dev.lifeboat.kubernetes.internal.transfer;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.tar.TarMember;
import dev.lifeboat.internal.tar.TarReader;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.PodExec;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Reads a directory of a container by running {@code tar} in it. */
public final class TarDownload {
    /** What GNU tar cannot keep. */
    public static final String GNU_LOSES = "sockets and trusted.* attributes are lost; all content is read";

    /** What other implementations, such as that of busybox, lose besides. */
    public static final String PLAIN_LOSES = "times are truncated to seconds; extended attributes, ACLs, holes and"
            + " sockets are lost; all content is read";

    private final ApiClient client;
    private final PodExec.Place place;
    private final boolean gnu;

    private TarDownload(ApiClient client, PodExec.Place place, boolean gnu) {
        this.client = client;
        this.place = place;
        this.gnu = gnu;
    }

    /** Asks a container for its tar; empty if it has none. */
    public static Optional<TarDownload> of(ApiClient client, PodExec.Place place) throws IOException {
        PodExec.Result gnu = run(client, place, List.of("tar", "--version"));
        if (gnu.exitCode() == 0 && gnu.output().contains("GNU tar")) {
            return Optional.of(new TarDownload(client, place, true));
        }
        boolean plain = gnu.output().contains("busybox")
                || gnu.errors().contains("BusyBox")
                || gnu.output().contains("bsdtar");
        if (!plain) {
            PodExec.Result help = run(client, place, List.of("tar", "--help"));
            plain = help.exitCode() == 0 || help.errors().contains("BusyBox");
        }
        return plain ? Optional.of(new TarDownload(client, place, false)) : Optional.empty();
    }

    /** A runtime reports a program that is missing in several ways. */
    private static PodExec.Result run(ApiClient client, PodExec.Place place, List<String> command) throws IOException {
        try {
            return PodExec.run(client, place, command);
        } catch (KubernetesException e) {
            boolean none = e.kind() == Kind.COMMAND_FAILED || e.kind() == Kind.REFUSED || e.kind() == Kind.NOT_FOUND;
            if (!none) {
                throw e;
            }
            return new PodExec.Result(127, "", String.valueOf(e.getMessage()));
        }
    }

    public boolean isGnu() {
        return gnu;
    }

    /** Returns what is lost. */
    public String loses() {
        return gnu ? GNU_LOSES : PLAIN_LOSES;
    }

    /**
     * Sends the tree below a directory. Paths are relative to it.
     *
     * @throws KubernetesException if tar fails, or its output ends early
     */
    public void sendTo(EntrySink sink, String directory) throws IOException {
        String what = "read " + directory + " of " + place;
        try (PodExec exec = PodExec.start(client, place, command(directory), false)) {
            try {
                BufferedInputStream in = new BufferedInputStream(exec.output(), 1 << 16);
                if (gnu) {
                    send(new TarReader(in), sink);
                } else {
                    try (UnorderedTar sorted = UnorderedTar.read(new TarReader(in))) {
                        sorted.sendTo(sink);
                    }
                }
            } catch (DamagedException e) {
                throw new KubernetesException(
                        Kind.COMMAND_FAILED,
                        "cannot " + what + ": the stream of tar is not whole: " + e.getMessage() + ". " + ended(exec),
                        e);
            }
            int code = exec.await();
            // GNU tar exits with 1 if a file changed while it was read: it is in the archive, as another reader has it.
            if (code == 1 && gnu) {
                Changes.report(sink, exec.errorOutput());
            } else if (code != 0) {
                throw new KubernetesException(
                        Kind.COMMAND_FAILED,
                        "cannot " + what + ": tar exited with code " + code + ": " + exec.errorOutput());
            }
        }
    }

    private static String ended(PodExec exec) {
        try {
            return "tar exited with code " + exec.await() + ": " + exec.errorOutput();
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static void send(TarReader tar, EntrySink sink) throws IOException {
        for (Optional<TarMember> next; (next = tar.next()).isPresent(); ) {
            Entry entry = next.get().toEntry();
            if (sink.offer(entry)) {
                sink.content(entry, next.get().content());
            }
        }
    }

    private List<String> command(String directory) {
        return gnu
                ? List.of(
                        "tar",
                        "--format=posix",
                        "--xattrs",
                        "--xattrs-include=*",
                        "--sparse",
                        "--numeric-owner",
                        "--one-file-system",
                        "--sort=name",
                        "-C",
                        directory,
                        "-cf",
                        "-",
                        ".")
                : List.of("tar", "-C", directory, "-cf", "-", ".");
    }
}
