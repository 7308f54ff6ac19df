package dev.lifeboat.oci.internal.client;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.oci.registry.RegistryException;
import java.io.IOException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * Waits between the attempts of one request, longer each time, until the time for it is used up. Used by one thread.
 */
final class Retry {
    private static final long FIRST_MILLIS = 200;
    private static final long LONGEST_MILLIS = 8_000;
    private static final Duration LONGEST = Duration.ofDays(365);

    private final long end;
    private long pause = FIRST_MILLIS;

    Retry(Duration budget) {
        this.end = System.nanoTime() + (budget.compareTo(LONGEST) > 0 ? LONGEST : budget).toNanos();
    }

    /**
     * Waits before the next attempt.
     *
     * @param asked how long the registry asks to wait
     * @return whether there is time for another attempt
     */
    boolean pause(Optional<Duration> asked) throws IOException {
        // Clients that have failed together do not come back together.
        long own = pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2 + 1);
        long millis = Math.max(own, asked.map(Duration::toMillis).orElse(0L));
        pause = Math.min(2 * pause, LONGEST_MILLIS);
        if (millis > (end - System.nanoTime()) / 1_000_000) {
            return false;
        }
        Io.sleep(millis);
        return true;
    }

    /** Whether a failure may be one of the network, so that another attempt may succeed. */
    static boolean isTransient(IOException e) {
        return !Io.isInterruption(e)
                && !(e instanceof RegistryException)
                && !(e instanceof DamagedException)
                && !(e instanceof SSLHandshakeException)
                && !(e instanceof SSLPeerUnverifiedException)
                && !(e instanceof UnknownHostException);
    }
}
