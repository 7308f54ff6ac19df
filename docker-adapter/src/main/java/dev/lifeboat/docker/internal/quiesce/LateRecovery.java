package dev.lifeboat.docker.internal.quiesce;

import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.quiesce.QuiesceJournal.QuiesceRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes on with what could not be set right while an engine was away: a program that runs for months is not to leave a
 * container quiesced until it ends. Stops when it has succeeded, or the client is closed; then the records stay.
 */
public final class LateRecovery {
    private static final Logger log = LoggerFactory.getLogger(LateRecovery.class);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    private static final Set<Key> RUNNING = ConcurrentHashMap.newKeySet();

    private LateRecovery() {}

    /** Recovers from a journal. */
    @FunctionalInterface
    public interface Recovery {
        /** Throws if something could not be set right; it is tried again. */
        void run() throws IOException;
    }

    private record Key(EngineClient client, String what) {}

    /**
     * Leaves a record to this and to any other recovery.
     *
     * @param what tells recoveries of a client apart
     */
    public static void leave(Optional<QuiesceRecord> record, EngineClient client, String what, Recovery recovery) {
        if (record.isEmpty()) {
            return;
        }
        try {
            record.get().abandon();
        } catch (IOException e) {
            log.warn(
                    "a record is left to a recovery once this process has ended [file={}, cause={}]",
                    record.get().file(),
                    e.toString());
            return;
        }
        Key key = new Key(client, what);
        if (RUNNING.add(key)) {
            Thread thread = new Thread(() -> run(key, recovery), "lifeboat-recovery");
            thread.setDaemon(true);
            thread.start();
        }
    }

    private static void run(Key key, Recovery recovery) {
        try {
            Duration pause = FIRST_PAUSE;
            while (true) {
                Thread.sleep(pause.toMillis());
                if (key.client().isClosed()) {
                    return;
                }
                try {
                    recovery.run();
                    return;
                } catch (IOException | RuntimeException e) {
                    log.debug(
                            "what is left is not set right yet [engine={}, cause={}]",
                            key.client().uri(),
                            e.toString());
                }
                pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            RUNNING.remove(key);
        }
    }
}
