package dev.lifeboat.storage.fs;

import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Stores each object as a file in a directory, under its key. Any number of processes may use the directory at once, on
 * this machine or through a network file system that has hard links and atomic renames.
 *
 * <p>A put writes a temporary file beside the place of the object, syncs it, gives it its name (by a hard link, which
 * fails if the name is taken, or by a rename) and syncs the directories. Files have mode 0600, directories 0700.
 * Temporary files left by a crash are removed once they are a day old, by any listing that comes across them, such as
 * that of a prune, or by {@link #sweep}.
 *
 * <p>Thread-safe.
 */
public final class FileStorage implements StorageTarget {
    private final Path root;
    private final TempFiles temps;

    private FileStorage(Path root) {
        this.root = root;
        this.temps = new TempFiles(root);
    }

    /** Returns storage in a directory. The first put creates the directory; before that nothing is touched. */
    public static FileStorage at(Path directory) {
        return new FileStorage(directory.toAbsolutePath().normalize());
    }

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        Path file = path(key);
        Path directory = parent(file);
        String what = "store " + key;
        try {
            if (condition == PutCondition.IF_ABSENT && Files.exists(file)) {
                throw new PreconditionFailedException(key, location());
            }
            temps.makeDirectories(directory);
            try (TempFiles.Temp temp = temps.create(directory)) {
                temp.write(content);
                if (condition == PutCondition.IF_ABSENT) {
                    temp.linkTo(file, () -> new PreconditionFailedException(key, location()));
                } else {
                    temp.moveTo(file);
                }
                settle(condition, file, directory);
                return new ObjectInfo(key, temp.length(), Instant.now());
            }
        } catch (ContentFailure e) {
            throw e.unwrapped();
        } catch (PreconditionFailedException e) {
            throw e;
        } catch (IOException e) {
            throw explained(what, e);
        }
    }

    /**
     * Makes a new name durable. From here on an interrupt is too late: the object has its name. If the disk fails, a
     * put that may not replace removes its name again. A put that replaces cannot.
     */
    private static void settle(PutCondition condition, Path file, Path directory) throws IOException {
        boolean interrupted = Thread.interrupted();
        boolean settled = false;
        try {
            TempFiles.syncDirectory(directory);
            settled = true;
        } finally {
            if (!settled && condition == PutCondition.IF_ABSENT) {
                Files.deleteIfExists(file);
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public InputStream open(ObjectKey key, ByteRange range) throws IOException {
        try {
            if (Files.isDirectory(path(key))) {
                throw new NoSuchFileException(key.value(), null, "is a directory");
            }
            FileChannel channel = FileChannel.open(path(key), StandardOpenOption.READ);
            boolean opened = false;
            try {
                if (range.offset() > 0) {
                    channel.position(range.offset());
                }
                InputStream all = Channels.newInputStream(channel);
                InputStream in = range.length() == ByteRange.TO_END
                        ? all
                        : ByteRange.of(0, range.length()).slice(all);
                opened = true;
                return in;
            } finally {
                if (!opened) {
                    channel.close();
                }
            }
        } catch (IOException e) {
            throw isMissing(path(key), e) ? missing(key, e) : explained("read " + key, e);
        }
    }

    /**
     * Returns whether the failure means that the file does not exist. That includes a regular file in the place of a
     * parent directory, for which Java has no exception of its own.
     */
    private boolean isMissing(Path file, IOException e) {
        boolean missing = e instanceof NoSuchFileException;
        for (Path above = parent(file); !missing && above.startsWith(root); above = parent(above)) {
            missing = Files.isRegularFile(above);
        }
        return missing;
    }

    private FileNotFoundException missing(ObjectKey key, IOException cause) {
        FileNotFoundException missing = new FileNotFoundException("no object " + key + " in " + location());
        missing.initCause(cause);
        return missing;
    }

    @Override
    public Optional<ObjectInfo> find(ObjectKey key) throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path(key), BasicFileAttributes.class);
            return attributes.isRegularFile() ? Optional.of(info(key, attributes)) : Optional.empty();
        } catch (IOException e) {
            if (isMissing(path(key), e)) {
                return Optional.empty();
            }
            throw explained("look up " + key, e);
        }
    }

    private static ObjectInfo info(ObjectKey key, BasicFileAttributes attributes) {
        return new ObjectInfo(
                key, attributes.size(), attributes.lastModifiedTime().toInstant());
    }

    @Override
    public void list(String prefix, Visitor visitor) throws IOException {
        if (!prefix.isEmpty() && !prefix.endsWith("/")) {
            throw new IllegalArgumentException("prefix is neither empty nor ends with a slash: '" + prefix + "'");
        }
        Path start = prefix.isEmpty() ? root : path(new ObjectKey(prefix.substring(0, prefix.length() - 1)));
        list(start, prefix, visitor);
    }

    private void list(Path directory, String prefix, Visitor visitor) throws IOException {
        try (DirectoryStream<Path> children = Files.newDirectoryStream(directory)) {
            for (Path child : children) {
                if (Thread.interrupted()) {
                    Thread.currentThread().interrupt();
                    throw new InterruptedIOException("interrupted while listing " + location());
                }
                visit(child, prefix + child.getFileName(), visitor);
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            // No such prefix, or it was removed during the call: it holds nothing.
            return;
        } catch (DirectoryIteratorException e) {
            throw explained("list " + (prefix.isEmpty() ? "objects" : prefix), new IOException(e.getCause()));
        }
    }

    /** Visits one file or directory. Foreign and temporary files have names that are not keys. */
    private void visit(Path child, String key, Visitor visitor) throws IOException {
        if (!ObjectKey.isValid(key)) {
            temps.removeIfLeft(child);
            return;
        }
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(child, BasicFileAttributes.class);
        } catch (NoSuchFileException e) {
            return;
        }
        if (attributes.isDirectory()) {
            list(child, key + "/", visitor);
        } else if (attributes.isRegularFile()) {
            visitor.visit(info(new ObjectKey(key), attributes));
        }
    }

    @Override
    public void delete(Collection<ObjectKey> keys) throws IOException {
        Set<Path> directories = new HashSet<>();
        for (ObjectKey key : keys) {
            Path file = path(key);
            try {
                if (Files.deleteIfExists(file)) {
                    directories.add(parent(file));
                }
            } catch (IOException e) {
                if (!isMissing(file, e)) {
                    throw explained("delete " + key, e);
                }
            }
        }
        for (Path directory : directories) {
            TempFiles.syncDirectory(directory);
        }
    }

    /**
     * Removes temporary files that were left by a crash and are older than a day.
     *
     * @return how many files were removed
     * @throws IOException if the directory cannot be read, or a file cannot be removed
     */
    public int sweep() throws IOException {
        try {
            return temps.sweep();
        } catch (IOException e) {
            throw explained("sweep temporary files", e);
        }
    }

    @Override
    public String location() {
        return root.toString();
    }

    @Override
    public List<Path> directories() {
        return List.of(root);
    }

    private Path path(ObjectKey key) {
        return root.resolve(key.value());
    }

    private Path parent(Path file) {
        return Objects.requireNonNull(file.getParent(), "every object lies in the root");
    }

    private IOException explained(String what, IOException e) {
        if (e instanceof ClosedByInterruptException || e instanceof InterruptedIOException) {
            InterruptedIOException interrupted = new InterruptedIOException("interrupted: " + what);
            interrupted.initCause(e);
            return interrupted;
        }
        return FileSystemErrors.of("cannot " + what + " in " + location(), root, e);
    }

    @Override
    public String toString() {
        return location();
    }
}
