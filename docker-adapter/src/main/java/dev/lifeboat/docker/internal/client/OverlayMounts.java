package dev.lifeboat.docker.internal.client;

import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Finds the writable layer of a container whose engine does not tell where it is: in the table of mounts, proc(5),
 * {@code /proc/self/mountinfo}. Containerd mounts the file system of a container at a path that ends with its id. The
 * id is random, so such a mount is proof that the engine is near.
 */
final class OverlayMounts {
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
    private static final int ATTEMPTS = 40;
    private static final long PAUSE_MILLIS = 25;

    private OverlayMounts() {}

    /**
     * Returns the writable layer. A container that does not run is mounted only while the engine reads its files, so
     * that is made to happen.
     */
    static Optional<Path> writableLayer(EngineClient client, String containerId) throws IOException {
        Optional<Path> found = find(containerId);
        if (found.isPresent()) {
            return found;
        }
        String what = "look for the writable layer of container " + containerId;
        InputStream reading = client.open("/containers/" + containerId + "/archive?path=%2F", what);
        try {
            for (int i = 0; i < ATTEMPTS && found.isEmpty(); i++) {
                found = find(containerId);
                if (found.isEmpty()) {
                    Io.sleep(PAUSE_MILLIS);
                }
            }
        } finally {
            reading.close();
        }
        return found;
    }

    private static Optional<Path> find(String containerId) throws IOException {
        if (!Files.isReadable(MOUNTS)) {
            return Optional.empty();
        }
        for (String line : Files.readString(MOUNTS, StandardCharsets.ISO_8859_1).split("\n", -1)) {
            Optional<Path> upper = upper(line, containerId);
            if (upper.isPresent()) {
                return upper.filter(Files::isDirectory);
            }
        }
        return Optional.empty();
    }

    /** ID parent major:minor root MOUNTPOINT options fields... - TYPE source SUPEROPTIONS. */
    static Optional<Path> upper(String line, String containerId) {
        String[] fields = line.split(" ", -1);
        int separator = java.util.Arrays.asList(fields).indexOf("-");
        boolean overlay = separator > 4
                && separator + 3 < fields.length
                && fields[separator + 1].equals("overlay")
                && fields[4].endsWith("/" + containerId);
        if (!overlay) {
            return Optional.empty();
        }
        for (String option : fields[separator + 3].split(",", -1)) {
            if (option.startsWith("upperdir=")) {
                return Optional.of(Path.of(unescaped(option.substring("upperdir=".length()))));
            }
        }
        return Optional.empty();
    }

    /** The kernel writes blanks and backslashes as octal numbers. */
    private static String unescaped(String text) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\\' && i + 3 < text.length()) {
                plain.append((char) Integer.parseInt(text.substring(i + 1, i + 4), 8));
                i += 3;
            } else {
                plain.append(text.charAt(i));
            }
        }
        return new String(plain.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
