package dev.lifeboat.internal.io;

import org.jspecify.annotations.Nullable;

/** A native library that a dependency unpacks and loads. Says what to do where that fails. Thread-safe. */
public final class NativeLibrary {
    private final String dependency;
    private final String advice;
    private final Runnable use;
    private volatile boolean loaded;
    private volatile @Nullable String failure;

    /**
     * Describes a library; it is not loaded yet.
     *
     * @param advice what to do if it cannot be loaded
     * @param use does something that needs it
     */
    public NativeLibrary(String dependency, String advice, Runnable use) {
        this.dependency = dependency;
        this.advice = advice;
        this.use = use;
    }

    /**
     * Loads it, unless it is loaded already.
     *
     * @throws IllegalStateException if it cannot be loaded; the message says why, and what to do
     */
    public void load() {
        if (loaded) {
            return;
        }
        try {
            use.run();
            loaded = true;
        } catch (LinkageError e) {
            // Only the first of them says why; later ones say that a class could not be initialized.
            String why = failure;
            if (why == null) {
                why = cause(e);
                failure = why;
            }
            throw new IllegalStateException(
                    "cannot load the native library of " + dependency + ": " + why + ". " + advice, e);
        }
    }

    private static String cause(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String said = String.valueOf(cause.getMessage()).strip();
        int end = said.indexOf('\n');
        return end < 0 ? said : said.substring(0, end);
    }
}
