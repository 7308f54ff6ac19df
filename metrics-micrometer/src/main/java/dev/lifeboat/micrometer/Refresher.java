package dev.lifeboat.micrometer;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads a repository again and again. */
final class Refresher implements RepositoryMetrics.Binding {
    private static final Logger log = LoggerFactory.getLogger(Refresher.class);

    private final RepositoryGauges gauges;
    private final Duration every;
    private final Duration sizesEvery;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Thread thread;
    private long sizesAt;

    Refresher(RepositoryGauges gauges, Duration every, Duration sizesEvery) {
        this.gauges = gauges;
        this.every = every;
        this.sizesEvery = sizesEvery;
        sizesAt = System.nanoTime();
        refresh();
        thread = new Thread(this::loop, "lifeboat-metrics");
        thread.setDaemon(true);
        thread.start();
    }

    private void loop() {
        try {
            while (!closing.await(every.toMillis(), TimeUnit.MILLISECONDS)) {
                refresh();
            }
        } catch (InterruptedException e) {
            // Closed while the store was slow.
            Thread.currentThread().interrupt();
        }
    }

    private void refresh() {
        try {
            gauges.refreshSnapshots();
            if (System.nanoTime() - sizesAt >= 0) {
                // Not again and again if it fails, since it lists all objects.
                sizesAt = System.nanoTime() + sizesEvery.toNanos();
                gauges.refreshSizes();
            }
            gauges.refreshed();
        } catch (RuntimeException | LinkageError e) {
            gauges.failed();
            log.warn("metrics of a repository are not up to date [cause={}]", e.toString());
        }
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        closing.countDown();
        thread.interrupt();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        gauges.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
