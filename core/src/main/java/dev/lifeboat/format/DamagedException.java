package dev.lifeboat.format;

import java.io.IOException;

/** What is stored is not what was written. */
public class DamagedException extends IOException {
    private static final long serialVersionUID = 1;

    private final String detail;

    /** Creates an exception with a message that names what is damaged and how that shows. */
    public DamagedException(String message) {
        super(message);
        detail = message;
    }

    /** Creates an exception with a message that names what is damaged, and the exception that reading it threw. */
    public DamagedException(String message, Throwable cause) {
        super(message, cause);
        detail = message;
    }

    /** Returns what is damaged and how that shows; never null. */
    @Override
    public String getMessage() {
        return detail;
    }
}
