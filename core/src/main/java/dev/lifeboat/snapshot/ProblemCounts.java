package dev.lifeboat.snapshot;

import dev.lifeboat.entry.Problem;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * The number of problems of each kind in an operation, including those past the first 1,000 that are listed. Immutable.
 *
 * @param byKind counts of the kinds that occurred
 */
public record ProblemCounts(Map<Problem.Kind, Long> byKind) {
    private static final ProblemCounts NONE = new ProblemCounts(Map.of());

    public ProblemCounts {
        Map<Problem.Kind, Long> copy = new EnumMap<>(Problem.Kind.class);
        byKind.forEach((kind, count) -> {
            if (count < 0) {
                throw new IllegalArgumentException("count is negative: " + count);
            }
            if (count > 0) {
                copy.put(kind, count);
            }
        });
        byKind = Collections.unmodifiableMap(copy);
    }

    /** Returns the counts of an operation without problems. */
    public static ProblemCounts none() {
        return NONE;
    }

    /** Returns the number of problems of a kind. */
    public long of(Problem.Kind kind) {
        return byKind.getOrDefault(kind, 0L);
    }

    /** Returns the number of all problems. */
    public long total() {
        return byKind.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Returns the completeness of the result that these problems imply. */
    public Completeness completeness() {
        if (of(Problem.Kind.FAILED) > 0) {
            return Completeness.INCOMPLETE;
        }
        return total() > of(Problem.Kind.SKIPPED) ? Completeness.COMPLETE_WITH_LOSSES : Completeness.COMPLETE;
    }
}
