package dev.lifeboat.docker.internal.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The container that this process runs in. */
public final class OwnContainer {
    /** Engines mount these from a directory that has the name of the container: proc(5), mountinfo, fields 4 and 5. */
    private static final Pattern MOUNT = Pattern.compile(
            "\\S+ \\S+ \\S+ \\S*containers/([0-9a-f]{64})/\\S+ /etc/(?:hostname|hosts|resolv\\.conf) .*");

    private OwnContainer() {}

    /** Returns its id; empty if this process runs in none, or that cannot be told. */
    public static Optional<String> id() {
        try {
            return id(Files.readAllLines(Path.of("/proc/self/mountinfo")));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    static Optional<String> id(List<String> mounts) {
        for (String line : mounts) {
            Matcher matcher = MOUNT.matcher(line);
            if (matcher.matches()) {
                return Optional.of(matcher.group(1));
            }
        }
        return Optional.empty();
    }
}
