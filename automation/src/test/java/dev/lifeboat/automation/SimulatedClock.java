package dev.lifeboat.automation;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** A clock that stands still until it is moved. Thread-safe. */
public final class SimulatedClock extends Clock {
    private volatile Instant now;

    public SimulatedClock(String now) {
        this.now = Instant.parse(now);
    }

    public void forward(Duration by) {
        now = now.plus(by);
    }

    public void set(Instant time) {
        now = time;
    }

    /** One that is ahead of this one. */
    public Clock ahead(Duration by) {
        return Clock.offset(this, by);
    }

    @Override
    public Instant instant() {
        return now;
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException();
    }
}
