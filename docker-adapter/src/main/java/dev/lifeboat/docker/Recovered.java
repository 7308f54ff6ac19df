package dev.lifeboat.docker;

import java.util.List;

/**
 * What {@link Docker#recover} has done.
 *
 * @param resumed names of containers that run again
 * @param removed what restores had created, and is removed, such as {@code network shop_back}
 * @param left what restores may have created just when they were killed; since others may have created it, it is left
 */
public record Recovered(List<String> resumed, List<String> removed, List<String> left) {
    public Recovered {
        resumed = List.copyOf(resumed);
        removed = List.copyOf(removed);
        left = List.copyOf(left);
    }

    /** Returns whether there was nothing to recover. */
    public boolean isEmpty() {
        return resumed.isEmpty() && removed.isEmpty() && left.isEmpty();
    }
}
