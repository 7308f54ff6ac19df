package dev.lifeboat.format;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** State that a format keeps between operations on the same repository, such as an index it has read. Thread-safe. */
public final class FormatMemory {
    private final Map<Class<?>, Object> kept = new ConcurrentHashMap<>();

    /** Creates an empty memory. */
    public FormatMemory() {}

    /** Returns the value kept under a type. Creates it on the first call. */
    public <T> T get(Class<T> type, Supplier<? extends T> maker) {
        return type.cast(kept.computeIfAbsent(type, t -> maker.get()));
    }
}
