package dev.lifeboat.oci.internal.transfer;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.tar.TarHeaders;
import dev.lifeboat.oci.internal.image.OciLayout;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A tar with an image of one layer: an OCI image layout (image-spec 1.1, image-layout.md), and {@code manifest.json},
 * by which Docker reads it before 25.
 */
public final class ImageArchive {
    private static final String BLOBS = "blobs/sha256/";

    private final OutputStream out;

    private ImageArchive(OutputStream out) {
        this.out = out;
    }

    /**
     * Writes one. An existing file is replaced when it is complete.
     *
     * @param layer a tar
     * @param name with a tag
     * @param command what a container runs; empty for nothing
     */
    public static void write(Path file, Path layer, String name, String platform, List<String> command)
            throws IOException {
        String digest = digest(layer);
        byte[] config = config(digest, platform, command);
        long size = Files.size(layer);
        byte[] manifest =
                OciLayout.manifest(digest(config), config.length, List.of(OciLayout.plainLayer(digest, size)));
        byte[] index =
                OciLayout.index(OciLayout.target(manifest), List.of(name)).toBytes();
        Path absolute = file.toAbsolutePath();
        Path temporary = absolute.resolveSibling("." + absolute.getFileName() + ".lifeboat-tmp");
        boolean complete = false;
        try {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(temporary), 1 << 16)) {
                ImageArchive archive = new ImageArchive(out);
                archive.add("oci-layout", OciLayout.MARKER);
                archive.add("index.json", index);
                archive.add("manifest.json", docker(digest(config), digest, name));
                archive.add(blob(digest(config)), config);
                archive.add(blob(digest(manifest)), manifest);
                archive.add(blob(digest), layer, size);
                out.write(TarHeaders.endOfArchive());
            }
            Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            complete = true;
        } finally {
            if (!complete) {
                Files.deleteIfExists(temporary);
            }
        }
    }

    private static String blob(String digest) {
        return BLOBS + digest.substring(digest.indexOf(':') + 1);
    }

    private static String digest(byte[] content) {
        return "sha256:" + Digests.hex(Digests.sha256(content, content.length));
    }

    private static String digest(Path file) throws IOException {
        MessageDigest digest = Digests.sha256();
        try (InputStream in = Files.newInputStream(file)) {
            byte[] buffer = new byte[1 << 16];
            for (int n; (n = in.read(buffer)) >= 0; ) {
                Io.checkInterrupt();
                digest.update(buffer, 0, n);
            }
        }
        return "sha256:" + Digests.hex(digest.digest());
    }

    /** Without a time, so that the same files give the same image. */
    private static byte[] config(String layer, String platform, List<String> command) {
        int slash = platform.indexOf('/');
        JsonObject run = JsonObject.create();
        if (!command.isEmpty()) {
            run.put("Cmd", command);
        }
        return JsonObject.create()
                .put("created", "1970-01-01T00:00:00Z")
                .put("architecture", platform.substring(slash + 1))
                .put("os", platform.substring(0, slash))
                .put("config", run.members())
                .put("rootfs", Map.of("type", "layers", "diff_ids", List.of(layer)))
                .put("history", List.of(Map.of("created", "1970-01-01T00:00:00Z", "created_by", "lifeboat")))
                .toBytes();
    }

    private static byte[] docker(String config, String layer, String name) {
        Map<String, @Nullable Object> image =
                Map.of("Config", blob(config), "RepoTags", List.of(name), "Layers", List.of(blob(layer)));
        byte[] wrapped = JsonObject.create().put("images", List.of(image)).toBytes();
        // A list at the top, of which there is no other.
        int begin = new String(wrapped, StandardCharsets.UTF_8).indexOf('[');
        return Arrays.copyOfRange(wrapped, begin, wrapped.length - 1);
    }

    private static Entry member(String name, long size) {
        return Entry.file(EntryPath.of(name), size, Attributes.of(0644, 0, 0, Instant.EPOCH));
    }

    private void add(String name, byte[] content) throws IOException {
        out.write(TarHeaders.of(member(name, content.length), content.length));
        out.write(content);
        out.write(new byte[TarHeaders.padding(content.length)]);
    }

    private void add(String name, Path content, long size) throws IOException {
        out.write(TarHeaders.of(member(name, size), size));
        long copied = 0;
        try (InputStream in = Files.newInputStream(content)) {
            byte[] buffer = new byte[1 << 16];
            for (int n; (n = in.read(buffer)) >= 0; copied += n) {
                Io.checkInterrupt();
                out.write(buffer, 0, n);
            }
        }
        if (copied != size) {
            throw new IOException("the layer has changed while it was exported: " + content);
        }
        out.write(new byte[TarHeaders.padding(size)]);
    }
}
