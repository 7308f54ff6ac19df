package dev.lifeboat.internal.audit;

import dev.lifeboat.internal.audit.AuditRecord.Happened;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.RandomIds;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.seal.OpenedSlot;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Records in the audit trail what one open repository does. Thread-safe. */
public final class AuditLog {
    private static final Logger log = LoggerFactory.getLogger(AuditLog.class);
    private static final int MAX_ATTEMPTS = 100;
    private static final int PAUSE_MILLIS = 50;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final AuditStore store;
    private final byte[] repository;
    private final OpenedSlot key;
    private final String actor;
    private final Clock clock;
    /** The newest entry as far as this knows. */
    private Optional<Last> last = Optional.empty(); // Guarded by the lock.

    private final ReentrantLock lock = new ReentrantLock();

    /**
     * The newest entry.
     *
     * @param next number of the next one
     */
    private record Last(long number, long next, String digest) {}

    /**
     * Creates a log.
     *
     * @param repository its id
     * @param key that signs
     * @param actor who acts, as the program says
     */
    public AuditLog(AuditStore store, byte[] repository, OpenedSlot key, String actor, Clock clock) {
        this.store = store;
        this.repository = repository.clone();
        this.key = key;
        this.actor = actor;
        this.clock = clock;
    }

    /**
     * Records that an operation begins.
     *
     * @param operation such as {@code Prune}
     * @param description for people
     * @throws IOException if that is not possible; the operation must not begin then
     */
    public Run begin(String operation, String description) throws IOException {
        Run run = new Run(operation, description);
        run.append("started", "");
        return run;
    }

    /** An operation whose beginning is recorded. */
    public final class Run {
        private final String id = RandomIds.next();
        private final String operation;
        private final String description;

        private Run(String operation, String description) {
            this.operation = operation;
            this.description = description;
        }

        private void append(String phase, String outcome) throws IOException {
            AuditLog.this.append(new Happened(id, actor, operation, description, phase, outcome));
        }

        /**
         * Records the end, even on an interrupted thread. If that fails, or takes long, it is logged: the beginning is
         * recorded, and what was done cannot be undone.
         *
         * @param phase such as {@code succeeded}
         * @param outcome for people
         */
        public void end(String phase, String outcome) {
            try {
                UninterruptibleCleanup.run(PATIENCE, () -> append(phase, outcome));
            } catch (IOException | RuntimeException e) {
                log.warn("the end of an operation is not in the audit trail [operation={}]", operation, e);
            }
        }
    }

    private void append(Happened happened) throws IOException {
        Io.lock(lock);
        try {
            for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
                // What is old may have been trimmed, so that a put alone would not show that there is more.
                Last newest = last.isPresent() && store.has(last.get().number()) ? last.get() : newest();
                if (newest.next() <= 0) {
                    throw new IOException(
                            "the audit trail has an entry with the highest number: remove what is not its own");
                }
                AuditRecord entry =
                        AuditRecord.sign(key, repository, newest.next(), newest.digest(), clock.instant(), happened);
                if (store.put(entry)) {
                    last = Optional.of(new Last(newest.next(), newest.next() + 1, entry.digest()));
                    return;
                }
                // Another process has appended one; or the object there is no entry.
                last = store.read(newest.next())
                        .map(other -> new Last(newest.next(), newest.next() + 1, other.digest()));
                Io.sleep(ThreadLocalRandom.current().nextInt(1, PAUSE_MILLIS));
            }
        } finally {
            lock.unlock();
        }
        throw new IOException("other processes append to the audit trail all the time; try again");
    }

    private Last newest() throws IOException {
        NavigableSet<Long> numbers = store.numbers();
        Optional<AuditRecord> newest = store.newest(numbers);
        long number = newest.map(entry -> entry.fields().number()).orElse(0L);
        long next = number + 1;
        while (numbers.contains(next)) {
            next++;
        }
        return new Last(number, next, newest.map(AuditRecord::digest).orElse(""));
    }
}
