package dev.lifeboat.kubernetes.velero;

import java.util.List;

/**
 * What became of a backup or a restore that a Velero server has made.
 *
 * @param name its name
 * @param phase in which it ended: {@code Completed}, {@code PartiallyFailed}, {@code Failed}, {@code FailedValidation}
 * @param errors how many there were
 * @param warnings how many there were
 * @param validationErrors why it was not begun; empty if it was
 */
public record VeleroRun(String name, String phase, long errors, long warnings, List<String> validationErrors) {
    public VeleroRun {
        validationErrors = List.copyOf(validationErrors);
    }

    /** Returns whether all went well. */
    public boolean isComplete() {
        return phase.equals("Completed") && errors == 0;
    }
}
