package dev.lifeboat.oci;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.format.tar.TarExport;
import dev.lifeboat.oci.internal.client.ImageName;
import dev.lifeboat.oci.internal.transfer.ImageArchive;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Exports a snapshot, or a part of one, as an image of one layer, in a tar that {@code docker load} takes:
 *
 * <pre>{@code
 * repo.restore(snapshot)
 *         .subtree(EntryPath.of("volumes/fixtures/data"))
 *         .to(ImageExport.to(Path.of("fixtures.tar"), "shop/fixtures:1"))
 *         .run();
 * }</pre>
 *
 * <p>The tar is an OCI image layout with the {@code manifest.json} of Docker, which older engines read. The same files
 * give the same image. Names that mean a deletion in a layer ({@code .wh.}) are reported and left out. Immutable.
 */
@CheckReturnValue
public final class ImageExport implements RestoreTarget {
    private static final String WHITEOUT = ".wh.";

    private final Path file;
    private final String name;
    private final String platform;
    private final List<String> command;

    private ImageExport(Path file, String name, String platform, List<String> command) {
        this.file = file;
        this.name = name;
        this.platform = platform;
        this.command = List.copyOf(command);
    }

    /**
     * Returns a target that writes a file. An existing file is replaced when the tar is complete. Beside it, the layer
     * takes as much space again until then.
     *
     * @param name of the image, such as {@code shop/fixtures:1}; without a tag it is {@code latest}
     * @throws IllegalArgumentException if it is not the name of an image
     */
    public static ImageExport to(Path file, String name) {
        ImageName parsed = ImageName.parse(name);
        if (parsed.digest().isPresent()) {
            throw new IllegalArgumentException("an image that is made has a tag and no digest: " + name);
        }
        String architecture = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
        String full = parsed.tag().isPresent() ? name : name + ":latest";
        return new ImageExport(file, full, "linux/" + architecture, List.of());
    }

    /** Sets what the image is for, such as {@code linux/arm64}; the architecture of this machine unless set. */
    public ImageExport platform(String newPlatform) {
        if (!newPlatform.matches("[a-z0-9]+/[a-z0-9_]+")) {
            throw new IllegalArgumentException("not a platform such as linux/amd64: " + newPlatform);
        }
        return new ImageExport(file, name, newPlatform.toLowerCase(Locale.ROOT), command);
    }

    /** Sets what a container of the image runs. Nothing unless set: then it can be copied from and built upon. */
    public ImageExport command(String... words) {
        return new ImageExport(file, name, platform, List.of(words));
    }

    @Override
    public String location() {
        return file.toAbsolutePath().normalize().toString();
    }

    @Override
    public Session begin(RestoreRequest request) throws IOException {
        Path absolute = file.toAbsolutePath();
        Path layer = absolute.resolveSibling("." + absolute.getFileName() + ".lifeboat-layer");
        return new Export(request, layer, TarExport.to(layer).begin(request));
    }

    @Override
    public String toString() {
        return location();
    }

    /** Writes the layer first, since its digest comes before it. */
    private final class Export implements Session {
        private final RestoreRequest request;
        private final Path layer;
        private final Session tar;

        Export(RestoreRequest request, Path layer, Session tar) {
            this.request = request;
            this.layer = layer;
            this.tar = tar;
        }

        @Override
        public boolean requiresInlineContent() {
            return tar.requiresInlineContent();
        }

        @Override
        public boolean offer(Entry entry) throws IOException {
            boolean whiteout = entry.path().segments().stream()
                    .anyMatch(segment -> segment.toString().startsWith(WHITEOUT));
            if (whiteout) {
                report(new Problem(
                        entry.path(), Problem.Kind.FAILED, "its name means a deletion in the layer of an image"));
                return false;
            }
            return tar.offer(entry);
        }

        @Override
        public void content(Entry entry, InputStream in) throws IOException {
            tar.content(entry, in);
        }

        @Override
        public void report(Problem problem) throws IOException {
            tar.report(problem);
        }

        @Override
        public void commit() throws IOException {
            tar.commit();
            if (!request.dryRun()) {
                ImageArchive.write(file, layer, name, platform, command);
            }
        }

        @Override
        public void close() throws IOException {
            try {
                tar.close();
            } finally {
                if (!request.dryRun()) {
                    Files.deleteIfExists(layer);
                }
            }
        }
    }
}
