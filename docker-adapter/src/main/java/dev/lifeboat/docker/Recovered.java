package dev.lifeboat.docker;

import java.util.List;

/**
 * What {@link Docker#recover} has done.
 *
 * @param resumed names of containers that were resumed, or in which the command was run that ends a session
 * @param removed what restores had created, and is removed, such as {@code network shop_back}
 * @param undecided networks and volumes that restores may have created just when they were killed: others may have
 *     created them, so they are not removed
 */
public record Recovered(List<String> resumed, List<String> removed, List<String> undecided) {
    public Recovered {
        resumed = List.copyOf(resumed);
        removed = List.copyOf(removed);
        undecided = List.copyOf(undecided);
    }

    /** Returns whether there was nothing to recover. */
    public boolean isEmpty() {
        return resumed.isEmpty() && removed.isEmpty() && undecided.isEmpty();
    }
}
