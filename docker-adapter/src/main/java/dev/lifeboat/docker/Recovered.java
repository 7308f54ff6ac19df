package dev.lifeboat.docker;

import java.util.List;

/**
 * What {@link Docker#recover} has done.
 *
 * @param resumed names of containers that were resumed, or in which the command was run that ends a session
 * @param removed what restores had created, and is removed, such as {@code network shop_back}; and containers that were
 *     made to read volumes, with their images
 * @param completed containers of restores that had written everything when they were killed; they stay, and what they
 *     replaced is removed
 * @param undecided what is left to look at: networks and volumes that restores may have created just when they were
 *     killed, or others may have; what was created by restores and is in use by now
 */
public record Recovered(List<String> resumed, List<String> removed, List<String> completed, List<String> undecided) {
    public Recovered {
        resumed = List.copyOf(resumed);
        removed = List.copyOf(removed);
        completed = List.copyOf(completed);
        undecided = List.copyOf(undecided);
    }

    /** Returns whether there was nothing to recover. */
    public boolean isEmpty() {
        return resumed.isEmpty() && removed.isEmpty() && completed.isEmpty() && undecided.isEmpty();
    }
}
