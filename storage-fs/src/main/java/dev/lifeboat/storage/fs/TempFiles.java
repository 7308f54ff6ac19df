package dev.lifeboat.storage.fs;

import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.PreconditionFailedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;

/** Temporary files that become objects. Their names begin with a dot, so no key ever names one. */
final class TempFiles {
    private static final String PREFIX = ".tmp-";
    /** A put that takes longer loses its file to a sweep, and fails. */
    private static final Duration STALE = Duration.ofDays(1);

    private final Path root;
    private final boolean posix;

    TempFiles(Path root) {
        this.root = root;
        this.posix = root.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    private FileAttribute<?>[] mode(String mode) {
        return posix
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))}
                : new FileAttribute<?>[0];
    }

    /** Creates a directory within the root and its missing parents, and syncs each directory that gets a new child. */
    void makeDirectories(Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            return;
        }
        Path parent = directory.getParent();
        if (parent != null) {
            makeDirectories(parent);
        }
        try {
            Files.createDirectory(directory, mode("rwx------"));
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw e;
            }
        }
        if (parent != null) {
            syncDirectory(parent);
        }
    }

    /**
     * Makes the names in a directory durable. Where directories cannot be opened (Windows), renames are durable by
     * themselves.
     */
    static void syncDirectory(Path directory) throws IOException {
        if (!directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return;
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (NoSuchFileException e) {
            // This library never removes directories. If another program did, there is no name to lose.
            return;
        }
    }

    Temp create(Path directory) throws IOException {
        Path file = directory.resolve(PREFIX + UUID.randomUUID());
        Set<StandardOpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        return new Temp(file, FileChannel.open(file, options, mode("rw-------")));
    }

    private static boolean isLeft(Path file, BasicFileAttributes attributes) {
        return attributes.isRegularFile()
                && String.valueOf(file.getFileName()).startsWith(PREFIX)
                && attributes
                        .lastModifiedTime()
                        .toInstant()
                        .isBefore(Instant.now().minus(STALE));
    }

    /**
     * Removes a file that was left by a crash. A failure is ignored, since a caller that only lists may lack the right
     * to remove.
     */
    void removeIfLeft(Path file) {
        try {
            if (isLeft(file, Files.readAttributes(file, BasicFileAttributes.class))) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // Already gone, or this user may not remove it; the next listing tries again.
            return;
        }
    }

    int sweep() throws IOException {
        int[] swept = {0};
        if (Files.notExists(root)) {
            return 0;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (isLeft(file, attributes) && Files.deleteIfExists(file)) {
                    swept[0]++;
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }
        });
        return swept[0];
    }

    /** A file that is being written. Closing removes it, unless it was moved to its place as an object. */
    static final class Temp implements AutoCloseable {
        private final Path file;
        private final FileChannel channel;
        private long length;
        private boolean moved;

        Temp(Path file, FileChannel channel) {
            this.file = file;
            this.channel = channel;
        }

        void write(Content content) throws IOException {
            InputStream in;
            try {
                in = content.open();
            } catch (IOException e) {
                throw new ContentFailure(e);
            }
            try (in) {
                byte[] bytes = new byte[1 << 16];
                for (int n; (n = read(in, bytes)) >= 0; length += n) {
                    for (ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, n); buffer.hasRemaining(); ) {
                        channel.write(buffer);
                    }
                }
            }
            if (content.length().isPresent() && content.length().getAsLong() != length) {
                throw new IOException("content has " + length + " bytes, but declares "
                        + content.length().getAsLong());
            }
            channel.force(true);
            channel.close();
        }

        private static int read(InputStream in, byte[] bytes) throws ContentFailure {
            try {
                return in.read(bytes);
            } catch (IOException e) {
                throw new ContentFailure(e);
            }
        }

        long length() {
            return length;
        }

        /**
         * Links the file to its final name. Of several processes that link to one name, one succeeds; with a rename all
         * would.
         */
        void linkTo(Path target, Supplier<PreconditionFailedException> taken) throws IOException {
            try {
                Files.createLink(target, file);
            } catch (FileAlreadyExistsException e) {
                PreconditionFailedException failed = taken.get();
                failed.initCause(e);
                throw failed;
            } catch (UnsupportedOperationException e) {
                throw new IOException(
                        "the file system has no hard links, which a repository needs; use another file system", e);
            }
        }

        void moveTo(Path target) throws IOException {
            Files.move(file, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            moved = true;
        }

        @Override
        public void close() throws IOException {
            try {
                channel.close();
            } finally {
                if (!moved) {
                    discard();
                }
            }
        }

        /** Removes the file. If that fails, a later sweep removes it; the result of the put stays as it is. */
        private void discard() {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                return;
            }
        }
    }
}
