package dev.lifeboat.internal.engine;

import dev.lifeboat.event.OperationEnded;
import dev.lifeboat.event.OperationStarted;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Who is told of the operations of a repository.
 *
 * @param onStart receive each operation that begins; what they return receives its end
 * @param onEnd receive each operation that has ended
 */
public record OperationListeners(
        List<Function<? super OperationStarted, ? extends Consumer<? super OperationEnded>>> onStart,
        List<Consumer<? super OperationEnded>> onEnd) {
    public OperationListeners {
        onStart = List.copyOf(onStart);
        onEnd = List.copyOf(onEnd);
    }

    boolean isEmpty() {
        return onStart.isEmpty() && onEnd.isEmpty();
    }
}
