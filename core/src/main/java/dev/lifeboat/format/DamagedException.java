package dev.lifeboat.format;

import java.io.IOException;

/** What is stored is not what was written. */
public class DamagedException extends IOException {
    private static final long serialVersionUID = 1;

    private final String detail;

    /** Says what is damaged, and how that shows. */
    public DamagedException(String message) {
        super(message);
        detail = message;
    }

    /** Says what is damaged, and what reading it threw. */
    public DamagedException(String message, Throwable cause) {
        super(message, cause);
        detail = message;
    }

    /** What is damaged, and how that shows; never null. */
    @Override
    public String getMessage() {
        return detail;
    }
}
