package dev.lifeboat.format;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** What a format wants to know again at its next operation on the same repository, such as an index it has read. Thread-safe. */
public final class FormatMemory {
    private final Map<Class<?>, Object> kept = new ConcurrentHashMap<>();

    /** Starts with nothing. */
    public FormatMemory() {}

    /** Gives what is kept under a type; makes it the first time. */
    public <T> T get(Class<T> type, Supplier<? extends T> maker) {
        return type.cast(kept.computeIfAbsent(type, t -> maker.get()));
    }
}
