package dev.lifeboat.automation;

import dev.lifeboat.RecordLog;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A record of a schedule. A log begins with an anchor: what was due before it was never to be done. Then each attempt
 * has a begin and an end, next to each other, unless the process was killed: the begin of the next attempt follows. So
 * there is no second attempt while one runs.
 */
record RunEntry(RecordLog.Entry record) {
    static final String EVENT = "event";
    static final String DUE = "due";
    static final String ATTEMPT = "attempt";
    static final String HOST = "host";
    static final String PROCESS = "process";
    static final String TIME = "time";
    static final String RESULT = "result";

    enum Event {
        ANCHOR,
        BEGIN,
        END,
        /** Written by a later version. */
        UNKNOWN
    }

    static Map<String, String> anchor(Instant now, Member own) {
        return fields(Event.ANCHOR, now, 0, now, own);
    }

    static Map<String, String> begin(Instant due, int attempt, Instant now, Member own) {
        return fields(Event.BEGIN, due, attempt, now, own);
    }

    private static Map<String, String> fields(Event event, Instant due, int attempt, Instant now, Member own) {
        return new LinkedHashMap<>(Map.of(
                EVENT, event.name(),
                DUE, due.toString(),
                ATTEMPT, Integer.toString(attempt),
                HOST, own.host(),
                PROCESS, own.process(),
                TIME, now.toString()));
    }

    long number() {
        return record.number();
    }

    Event event() {
        return enumOf(Event.class, record.get(EVENT)).orElse(Event.UNKNOWN);
    }

    Optional<Run.Result> result() {
        return enumOf(Run.Result.class, record.get(RESULT));
    }

    private static <E extends Enum<E>> Optional<E> enumOf(Class<E> type, String name) {
        for (E value : type.getEnumConstants()) {
            if (value.name().equals(name)) {
                return Optional.of(value);
            }
        }
        return Optional.empty();
    }

    Instant due() {
        return instant(record.get(DUE));
    }

    Instant time() {
        return instant(record.get(TIME));
    }

    private static Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            return Instant.EPOCH;
        }
    }

    int attempt() {
        String attempt = record.get(ATTEMPT);
        return attempt.matches("[0-9]{1,9}") ? Integer.parseInt(attempt) : 1;
    }

    String host() {
        return record.get(HOST);
    }

    /** Whether what was due then is not to be begun again but for a retry. */
    boolean isHandled() {
        return event() == Event.ANCHOR
                || event() == Event.END
                        && result().filter(result -> result != Run.Result.CANCELLED)
                                .isPresent();
    }
}
