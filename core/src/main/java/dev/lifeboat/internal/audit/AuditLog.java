package dev.lifeboat.internal.audit;

import dev.lifeboat.internal.audit.AuditRecord.Happened;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.RandomIds;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.seal.OpenedSlot;
import java.io.IOException;
import java.time.Clock;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Records in the audit trail what one open repository does. Thread-safe. */
public final class AuditLog {
    private static final Logger log = LoggerFactory.getLogger(AuditLog.class);
    private static final int MAX_ATTEMPTS = 100;
    private static final int PAUSE_MILLIS = 50;

    private final AuditStore store;
    private final byte[] repository;
    private final OpenedSlot key;
    private final String actor;
    private final Clock clock;
    /** The newest entry as far as this knows. */
    private Optional<Last> last = Optional.empty();

    private record Last(long number, String digest) {}

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
         * Records the end, even on an interrupted thread. If that fails it is logged: the beginning is recorded, and
         * what was done cannot be undone.
         *
         * @param phase such as {@code succeeded}
         * @param outcome for people
         */
        public void end(String phase, String outcome) {
            try {
                UninterruptibleCleanup.run(() -> append(phase, outcome));
            } catch (IOException e) {
                log.warn("the end of an operation is not in the audit trail [operation={}]", operation, e);
            }
        }
    }

    private synchronized void append(Happened happened) throws IOException {
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            Last newest = last.isPresent() ? last.get() : newest();
            AuditRecord entry =
                    AuditRecord.sign(key, repository, newest.number() + 1, newest.digest(), clock.instant(), happened);
            if (store.put(entry)) {
                last = Optional.of(new Last(newest.number() + 1, entry.digest()));
                return;
            }
            // Another process has appended one.
            last = Optional.empty();
            Io.sleep(ThreadLocalRandom.current().nextInt(1, PAUSE_MILLIS));
        }
        throw new IOException("other processes append to the audit trail all the time; try again");
    }

    private Last newest() throws IOException {
        NavigableSet<Long> numbers = store.numbers();
        if (numbers.isEmpty()) {
            return new Last(0, "");
        }
        return new Last(
                numbers.last(),
                store.read(numbers.last()).map(AuditRecord::digest).orElse(""));
    }
}
