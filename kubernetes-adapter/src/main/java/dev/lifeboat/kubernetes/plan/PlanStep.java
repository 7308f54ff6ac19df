package dev.lifeboat.kubernetes.plan;

import java.util.Locale;

/**
 * One step of a restore.
 *
 * @param action what is done
 * @param resource the object, as {@code deployments.apps shop/web}, or the claim whose files are written
 * @param detail further information; may be empty
 */
public record PlanStep(Action action, String resource, String detail) {
    /** What is done to an object. */
    public enum Action {
        /** The object is created. */
        CREATE,
        /** There is such an object, and it is changed to what the snapshot has. */
        UPDATE,
        /** There is such an object, and it stays as it is. */
        KEEP,
        /** The object is not restored; the detail says why: another object or the cluster makes it. */
        SKIP,
        /** Files of a volume are written. */
        WRITE
    }

    @Override
    public String toString() {
        return action.name().toLowerCase(Locale.ROOT) + " " + resource + (detail.isEmpty() ? "" : " (" + detail + ")");
    }
}
