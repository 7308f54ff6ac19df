package dev.lifeboat.docker.internal.transfer;

import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.docker.internal.layout.Location;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writes bind mounts whose paths the host lacks. A path that exists is never written to; all that was created can be
 * removed again.
 */
public final class PathWriter {
    private final Map<String, String> planned;
    private final RestoreRequest request;
    /** Paths of the host, by the number of the bind mount in the snapshot. */
    private final Map<String, Path> destinations = new HashMap<>();

    private final Deque<Path> created = new ArrayDeque<>();
    /** Directories above them that were missing, too. */
    private final Deque<Path> parents = new ArrayDeque<>();

    private String current = "";
    private RestoreTarget.@Nullable Session session;

    /**
     * Creates a writer.
     *
     * @param planned paths to write, by captured path
     */
    public PathWriter(Map<String, String> planned, RestoreRequest request) {
        this.planned = planned;
        this.request = request;
    }

    /** Offers an entry of a bind mount. */
    public boolean offer(Location location, Entry entry) throws IOException {
        if (location.part() == Location.Part.PATH) {
            return entry.isFile();
        }
        Path destination = destinations.get(location.name());
        if (destination == null) {
            return false;
        }
        if (request.dryRun()) {
            request.listener().changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
            return false;
        }
        if (session == null || !current.equals(location.name())) {
            finish();
            current = location.name();
            session = open(destination, entry);
        }
        return session.offer(moved(location, entry, destination));
    }

    /** A file is written as an entry of its directory. */
    private static Entry moved(Location location, Entry entry, Path destination) {
        return entry.path().equals(location.root()) && entry.type() != EntryType.DIRECTORY
                ? entry.withPath(EntryPath.of(name(destination)))
                : entry.relativeTo(location.root());
    }

    private static String name(Path path) {
        return Objects.requireNonNull(path.getFileName(), "the root of the host exists")
                .toString();
    }

    private RestoreTarget.Session open(Path destination, Entry first) throws IOException {
        if (Files.exists(destination, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(
                    "host path " + destination + " was created by another after the restore was planned; plan it anew");
        }
        Path parent = Objects.requireNonNull(destination.getParent(), "the root of the host exists");
        Deque<Path> missing = new ArrayDeque<>();
        for (Path path = parent; path != null && !Files.exists(path); path = path.getParent()) {
            missing.push(path);
        }
        for (Path path : missing) {
            Files.createDirectory(path);
            parents.push(path);
        }
        created.push(destination);
        if (first.type() == EntryType.DIRECTORY) {
            Files.createDirectory(destination);
        }
        EntryPath place = first.path();
        RestoreRequest.Listener listener = new RestoreRequest.Listener() {
            @Override
            public void changed(RestoreChange change) {
                request.listener().changed(new RestoreChange(place, change.action()));
            }

            @Override
            public void problem(Problem problem) {
                request.listener()
                        .problem(new Problem(place, problem.kind(), "'" + problem.path() + "': " + problem.detail()));
            }
        };
        return DirectoryRestore.into(first.type() == EntryType.DIRECTORY ? destination : parent)
                .begin(new RestoreRequest(false, true, false, listener));
    }

    /** Receives the content of an entry that was wanted. */
    public void content(Location location, Entry entry, InputStream in) throws IOException {
        if (location.part() == Location.Part.PATH) {
            MountSpec mount = MountSpec.of(SnapshotLayout.read(entry.path(), in));
            Optional.ofNullable(planned.get(mount.source()))
                    .ifPresent(path -> destinations.put(location.name(), Path.of(path)));
            return;
        }
        RestoreTarget.Session to = session;
        Path destination = destinations.get(location.name());
        if (to == null || destination == null) {
            throw new IllegalStateException("content of '" + entry.path() + "' was not wanted");
        }
        to.content(moved(location, entry, destination), in);
    }

    /** Completes what was written last. */
    public void finish() throws IOException {
        RestoreTarget.Session last = session;
        if (last != null) {
            session = null;
            try (last) {
                last.commit();
            }
        }
    }

    /** Removes all that was created. */
    public void undo() throws IOException {
        if (session != null) {
            session.close();
            session = null;
        }
        while (!created.isEmpty()) {
            Path path = created.pop();
            if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                removeTree(path);
            }
        }
        while (!parents.isEmpty()) {
            try {
                Files.deleteIfExists(parents.pop());
            } catch (DirectoryNotEmptyException e) {
                // By now it holds something of another.
                parents.clear();
            }
        }
    }

    private static void removeTree(Path root) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                    throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
