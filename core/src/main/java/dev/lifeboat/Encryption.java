package dev.lifeboat;

/**
 * How a repository is encrypted. Said at every opening, so that nobody can slip a plain repository in the place of an encrypted one.
 * Immutable.
 */
public final class Encryption {
    private static final Encryption NONE = new Encryption("none");

    private final String id;

    private Encryption(String id) {
        this.id = id;
    }

    /** Not at all: anyone who can read the store can read the snapshots. The one way there is so far. */
    public static Encryption none() {
        return NONE;
    }

    /** What the descriptor of a repository says. */
    String id() {
        return id;
    }

    @Override
    public String toString() {
        return id;
    }
}
