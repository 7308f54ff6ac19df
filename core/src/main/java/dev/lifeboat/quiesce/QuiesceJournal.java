package dev.lifeboat.quiesce;

import dev.lifeboat.internal.process.ProcessIdentity;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Records on disk what this process has quiesced, before it does so, so that a later process can resume it if this
 * one is killed. One file for each record, in the format of {@link Properties}; written and synced before the source
 * is touched, and removed after it was resumed. Thread-safe, and safe among processes.
 */
public final class QuiesceJournal {
    private static final String SUFFIX = ".quiesced";
    /** A file lock holds among processes; this one among the threads of a process. */
    private static final Object RECOVERY = new Object();

    private static final String PID = "pid";
    private static final String STARTED = "process";

    private final Path directory;
    private final Optional<Guard> guard;

    private QuiesceJournal(Path directory, Optional<Guard> guard) {
        this.directory = directory;
        this.guard = guard;
    }

    /** Something that resumes what this process has quiesced if it is killed, such as another process. */
    @FunctionalInterface
    public interface Guard {
        /**
         * Makes sure that it is there.
         *
         * @throws IOException if it is not; nothing may be quiesced then
         */
        void ready() throws IOException;
    }

    /** Returns this journal with a guard. */
    public QuiesceJournal guardedBy(Guard newGuard) {
        return new QuiesceJournal(directory, Optional.of(newGuard));
    }

    /**
     * Makes sure of the guard, if there is one, and that records can be written. Called before anything is quiesced.
     *
     * @throws IOException if there should be one and is not, or it would not learn what is quiesced
     */
    public void ready() throws IOException {
        if (guard.isPresent()) {
            guard.get().ready();
            // It knows only what is recorded.
            write(Map.of("guard", "ready")).remove();
        }
    }

    /** Returns where the records are. */
    public Path directory() {
        return directory;
    }

    /** Returns the journal in a directory, which is created with the first record. */
    public static QuiesceJournal at(Path directory) {
        return new QuiesceJournal(directory, Optional.empty());
    }

    /**
     * Returns the journal of this user: {@code $LIFEBOAT_STATE_DIR}; else {@code /var/lib/lifeboat} for root, and
     * {@code $XDG_STATE_HOME/lifeboat} or {@code ~/.local/state/lifeboat} for others.
     */
    public static QuiesceJournal ofUser() {
        String named = System.getenv("LIFEBOAT_STATE_DIR");
        if (named != null && !named.isEmpty()) {
            return at(Path.of(named));
        }
        if (System.getProperty("user.name").equals("root")) {
            return at(Path.of("/var/lib/lifeboat"));
        }
        String state = System.getenv("XDG_STATE_HOME");
        Path home = state == null || state.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".local", "state")
                : Path.of(state);
        return at(home.resolve("lifeboat"));
    }

    /**
     * What was quiesced.
     *
     * @param file that holds the record
     * @param values as they were given
     */
    public record QuiesceRecord(Path file, Map<String, String> values) {
        public QuiesceRecord {
            values = Map.copyOf(values);
        }

        /** Removes the record: the source was resumed, or is gone. */
        public void remove() throws IOException {
            Files.deleteIfExists(file);
        }

        /** Returns whether it is still there: a recovery removes the record of what it has resumed. */
        public boolean exists() {
            return Files.exists(file);
        }

        /**
         * Leaves what is recorded to the next recovery, of this process or of another: this process has failed to
         * resume it. A record that is gone stays gone.
         *
         * @throws IOException if it cannot be written; then it is left to a recovery once this process has ended
         */
        public void abandon() throws IOException {
            if (!exists()) {
                return;
            }
            Properties properties = new Properties();
            properties.putAll(values);
            replace(file, text(properties));
        }
    }

    /**
     * Writes a record of this process; it is on disk when this returns.
     *
     * @param values what it takes to resume the source; no secrets
     * @throws IOException if it cannot be written
     */
    public QuiesceRecord write(Map<String, String> values) throws IOException {
        Properties properties = new Properties();
        properties.putAll(values);
        ProcessIdentity own = ProcessIdentity.current();
        properties.setProperty(PID, Long.toString(own.pid()));
        properties.setProperty(STARTED, own.identity());
        Files.createDirectories(directory);
        Path file = directory.resolve(UUID.randomUUID() + SUFFIX);
        replace(file, text(properties));
        return new QuiesceRecord(file, values);
    }

    private static String text(Properties properties) throws IOException {
        StringWriter text = new StringWriter();
        properties.store(
                text,
                "Lifeboat has quiesced this; recover() of Docker or Kubernetes resumes it if its process is gone.");
        return text.toString();
    }

    /** Writes a file as a whole; it is on disk when this returns. */
    private static void replace(Path file, String text) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try (FileChannel channel = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        Path directory = Objects.requireNonNull(file.getParent(), "records are in a directory");
        try (FileChannel parent = FileChannel.open(directory, StandardOpenOption.READ)) {
            parent.force(true);
        }
    }

    /** A recovery that excludes others. */
    @FunctionalInterface
    public interface Recovery {
        /** Resumes what was abandoned, and removes the records. */
        void run() throws IOException;
    }

    /**
     * Runs a recovery while no other thread or process recovers from this journal: a slower one would resume what
     * another has recovered and, since then, quiesced again. Waits for the others.
     *
     * @throws IOException if the directory cannot be locked, or the recovery fails
     */
    public void exclusively(Recovery recovery) throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        synchronized (RECOVERY) {
            try (FileChannel channel = FileChannel.open(
                    directory.resolve("recovery.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                FileLock lock = channel.lock();
                try {
                    recovery.run();
                } finally {
                    lock.release();
                }
            }
        }
    }

    /**
     * Returns the records that were {@linkplain QuiesceRecord#abandon abandoned}, and those of processes that have
     * ended without removing them. Files that cannot be read as records are passed over.
     */
    public List<QuiesceRecord> abandoned() throws IOException {
        List<QuiesceRecord> abandoned = new ArrayList<>();
        if (!Files.isDirectory(directory)) {
            return abandoned;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (Path file : files) {
                read(file).ifPresent(abandoned::add);
            }
        }
        return abandoned;
    }

    private static Optional<QuiesceRecord> read(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (NoSuchFileException | CharacterCodingException | IllegalArgumentException e) {
            return Optional.empty();
        }
        String pid = properties.getProperty(PID, "");
        if (pid.matches("[0-9]{1,18}")
                && new ProcessIdentity(Long.parseLong(pid), properties.getProperty(STARTED, "")).isAlive()) {
            return Optional.empty();
        }
        Map<String, String> values = new TreeMap<>();
        properties.stringPropertyNames().forEach(name -> values.put(name, properties.getProperty(name)));
        values.remove(PID);
        values.remove(STARTED);
        return Optional.of(new QuiesceRecord(file, values));
    }

    @Override
    public String toString() {
        return "journal in " + directory;
    }
}
