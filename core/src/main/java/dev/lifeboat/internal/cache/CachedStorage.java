package dev.lifeboat.internal.cache;

import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.ForwardingStorageTarget;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Caches what is read of a slow or expensive store in a local directory: index objects, and the ranges of packs that
 * are read to walk a tree or to open one file. So browsing, and a backup of unchanged data, need few requests. Longer
 * ranges, which are content, are not cached.
 *
 * <p>Only immutable objects are cached, each piece with its digest. A piece that does not match its digest is discarded
 * and read again. The directory may be removed at any time, and may be shared by processes and by repositories. Its
 * content is that of the store, so it is sealed if the repository is encrypted. It holds the most recently used pieces
 * up to its size, and somewhat more while processes run.
 *
 * <p>If the directory cannot be written, nothing is cached. Not for callers that verify what is in the store, or that
 * rely on it to remove something else. Closing this closes the store, and keeps the directory. Thread-safe.
 */
public final class CachedStorage extends ForwardingStorageTarget {
    private static final List<String> KEPT = List.of(RepositoryLayout.INDEX, RepositoryLayout.PACKS);
    /** Longer ranges are content. The ranges that walk a tree are 256 KiB and a chunk. */
    private static final int MAX_STRETCH_BYTES = 512 << 10;

    private static final int MAX_OBJECT_BYTES = 64 << 20;
    private static final int DIGEST_BYTES = 32;
    private static final String TEMPORARY = ".tmp-";
    private static final double FULL = 1.1;
    /** Older temporary files belong to processes that have died. */
    private static final long STALE_SECONDS = 3600;

    private final Path directory;
    private final long maxBytes;
    private final AtomicLong bytes = new AtomicLong(-1);

    private CachedStorage(StorageTarget delegate, Path directory, long maxBytes) {
        super(delegate);
        this.directory = directory;
        this.maxBytes = maxBytes;
    }

    /**
     * Caches what is read of a store.
     *
     * @param directory created if it does not exist. Only this user should be able to write it: another writer can make
     *     cached pieces useless, but cannot change them unnoticed in an encrypted repository
     * @param maxBytes the size of the cache
     * @throws IllegalArgumentException if {@code maxBytes} is less than 1 MiB
     */
    public static CachedStorage of(StorageTarget store, Path directory, long maxBytes) {
        if (maxBytes < 1 << 20) {
            throw new IllegalArgumentException("size is less than 1 MiB: " + maxBytes);
        }
        return new CachedStorage(store, directory, maxBytes);
    }

    @Override
    public List<Path> directories() {
        List<Path> all = new ArrayList<>(super.directories());
        all.add(directory);
        return List.copyOf(all);
    }

    @Override
    public InputStream open(ObjectKey key, ByteRange range) throws IOException {
        boolean whole = range.length() == ByteRange.TO_END;
        boolean kept = KEPT.stream().anyMatch(key.value()::startsWith)
                && (whole ? key.value().startsWith(RepositoryLayout.INDEX) : range.length() <= MAX_STRETCH_BYTES);
        if (!kept) {
            return super.open(key, range);
        }
        Path file = file(key, range);
        byte[] known = read(file);
        if (known != null) {
            return new ByteArrayInputStream(known, DIGEST_BYTES, known.length - DIGEST_BYTES);
        }
        InputStream in = super.open(key, range);
        byte[] read;
        try {
            read = in.readNBytes(MAX_OBJECT_BYTES);
        } catch (IOException e) {
            in.close();
            throw e;
        }
        if (read.length == MAX_OBJECT_BYTES) {
            // Longer than any object of this library: the rest is read from the store.
            return new SequenceInputStream(new ByteArrayInputStream(read), in);
        }
        in.close();
        write(file, read);
        return new ByteArrayInputStream(read);
    }

    /** Discards what is cached of an object, so that it is read again, and forwards the call to the store. */
    @Override
    public boolean recover(ObjectKey key) throws IOException {
        boolean dropped = false;
        String start = start(key);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, start + "*")) {
            for (Path file : files) {
                dropped |= Files.deleteIfExists(file);
            }
        } catch (NoSuchFileException e) {
            dropped = false;
        }
        return super.recover(key) || dropped;
    }

    private String start(ObjectKey key) {
        byte[] digest = digest((location() + "\n" + key).getBytes(StandardCharsets.UTF_8), 0);
        return HexFormat.of().formatHex(digest, 0, 16) + "-";
    }

    private Path file(ObjectKey key, ByteRange range) {
        return directory.resolve(start(key) + range.offset() + "-" + range.length());
    }

    private static byte[] digest(byte[] of, int from) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(of, from, of.length - from);
            return sha256.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JRE has SHA-256", e);
        }
    }

    /** Returns null if the piece is not cached, or does not match its digest. */
    private static byte @Nullable [] read(Path file) {
        try {
            byte[] known = Files.readAllBytes(file);
            if (known.length >= DIGEST_BYTES
                    && MessageDigest.isEqual(Arrays.copyOf(known, DIGEST_BYTES), digest(known, DIGEST_BYTES))) {
                Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
                return known;
            }
            Files.deleteIfExists(file);
            return null;
        } catch (IOException e) {
            // The store is read instead.
            return null;
        }
    }

    private void write(Path file, byte[] read) {
        try {
            if (bytes.get() < 0) {
                Files.createDirectories(directory);
                bytes.set(shrink());
            }
            Path temporary = Files.createTempFile(directory, TEMPORARY, null);
            try {
                Files.write(
                        temporary,
                        ByteBuffer.allocate(DIGEST_BYTES + read.length)
                                .put(digest(read, 0))
                                .put(read)
                                .array());
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(temporary);
            }
            if (bytes.addAndGet(DIGEST_BYTES + read.length) > maxBytes * FULL) {
                bytes.set(shrink());
            }
        } catch (IOException e) {
            // Not cached, but read. If the directory becomes available again, its size is measured again.
            bytes.set(-1);
        }
    }

    private record Kept(Path file, long length, FileTime used) {}

    /** Removes the least recently used pieces. Returns the number of bytes left. */
    private long shrink() throws IOException {
        List<Kept> all = new ArrayList<>();
        long total = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                BasicFileAttributes attributes = attributes(file);
                if (attributes == null || !attributes.isRegularFile()) {
                    continue;
                }
                boolean temporary = String.valueOf(file.getFileName()).startsWith(TEMPORARY);
                if (!temporary) {
                    all.add(new Kept(file, attributes.size(), attributes.lastModifiedTime()));
                    total += attributes.size();
                } else if (attributes
                        .lastModifiedTime()
                        .toInstant()
                        .isBefore(Instant.now().minusSeconds(STALE_SECONDS))) {
                    Files.deleteIfExists(file);
                }
            }
        }
        all.sort(Comparator.comparing(Kept::used));
        for (Kept kept : all) {
            if (total <= maxBytes) {
                break;
            }
            Files.deleteIfExists(kept.file());
            total -= kept.length();
        }
        return total;
    }

    /** Returns null if another process has removed the file. */
    private static @Nullable BasicFileAttributes attributes(Path file) throws IOException {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class);
        } catch (NoSuchFileException e) {
            return null;
        }
    }
}
