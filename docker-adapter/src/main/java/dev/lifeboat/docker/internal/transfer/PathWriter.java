package dev.lifeboat.docker.internal.transfer;

import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.docker.internal.layout.Location;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.document.SnapshotDocuments;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Writes bind mounts whose paths the host lacks, under another name first, so that a path that is there is whole. A
 * path that exists is never written to; all that was created can be removed again.
 */
public final class PathWriter {
    private final Map<String, String> planned;
    private final RestoreRequest request;
    /** Paths of the host, by the number of the bind mount in the snapshot. */
    private final Map<String, Path> destinations = new HashMap<>();

    private final Deque<Path> created = new ArrayDeque<>();
    /** Directories above them that were missing, too. */
    private final Deque<Path> parents = new ArrayDeque<>();

    private @Nullable Writing writing;

    /**
     * A path that is being written.
     *
     * @param place of its root in the snapshot
     * @param directory whether it is one; otherwise it is a single file
     * @param temporary its name until it is whole
     */
    private record Writing(
            EntryPath place, boolean directory, Path destination, Path temporary, RestoreTarget.Session session) {
        /** A file is written as an entry of its directory. */
        Entry moved(Entry entry) {
            return directory ? entry.relativeTo(place) : entry.withPath(EntryPath.of(name(temporary)));
        }
    }

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
        if (destination == null || created.stream().anyMatch(destination::startsWith) && isDone(location)) {
            // Not planned, or written already as a part of a directory above.
            return false;
        }
        if (request.dryRun()) {
            request.listener().changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
            return false;
        }
        Writing current = writing;
        if (current == null || !current.place().equals(location.root())) {
            finish();
            current = open(location, destination, entry);
            writing = current;
        } else if (!current.directory()) {
            throw new IOException("'" + entry.path() + "' of the snapshot lies below a file");
        }
        return current.session().offer(current.moved(entry));
    }

    private boolean isDone(Location location) {
        return writing == null || !writing.place().equals(location.root());
    }

    private static String name(Path path) {
        return Objects.requireNonNull(path.getFileName(), "the root of the host exists")
                .toString();
    }

    private Writing open(Location location, Path destination, Entry first) throws IOException {
        boolean directory = first.type() == EntryType.DIRECTORY;
        if (!first.path().equals(location.root()) || !directory && !first.isFile()) {
            throw new IOException(
                    "'" + first.path() + "' of the snapshot is neither a file nor the root of a directory");
        }
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
        Path temporary = parent.resolve(name(destination) + ".lifeboat-"
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt()));
        created.push(temporary);
        if (directory) {
            Files.createDirectory(temporary);
        }
        EntryPath place = location.root();
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
        RestoreTarget.Session session = DirectoryRestore.into(directory ? temporary : parent)
                .begin(new RestoreRequest(false, true, false, request.repositoryDirectories(), listener));
        return new Writing(place, directory, destination, temporary, session);
    }

    /** Receives the content of an entry that was wanted. */
    public void content(Location location, Entry entry, InputStream in) throws IOException {
        if (location.part() == Location.Part.PATH) {
            MountSpec mount = MountSpec.of(SnapshotDocuments.read(entry.path(), in));
            Optional.ofNullable(planned.get(mount.source()))
                    .ifPresent(path -> destinations.put(location.name(), Path.of(path)));
            return;
        }
        Writing current = writing;
        if (current == null) {
            throw new IllegalStateException("content of '" + entry.path() + "' was not wanted");
        }
        current.session().content(current.moved(entry), in);
    }

    /** Completes what was written last, and gives it its name. */
    public void finish() throws IOException {
        Writing last = writing;
        if (last == null) {
            return;
        }
        writing = null;
        try (RestoreTarget.Session session = last.session()) {
            session.commit();
        }
        if (Files.exists(last.destination(), LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("host path " + last.destination() + " was created by another meanwhile");
        }
        created.push(last.destination());
        Files.move(last.temporary(), last.destination());
    }

    /** Removes all that was created. */
    public void undo() throws IOException {
        if (writing != null) {
            writing.session().close();
            writing = null;
        }
        while (!created.isEmpty()) {
            Path path = created.pop();
            if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                HostTree.remove(path);
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
}
