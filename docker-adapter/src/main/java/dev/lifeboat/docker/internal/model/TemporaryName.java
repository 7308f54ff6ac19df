package dev.lifeboat.docker.internal.model;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/** The names that a container has before it gets its own, or once another takes its place. */
public record TemporaryName(String suffix) {
    private static final String START = "-lifeboat-";
    private static final String NEW = "-new";

    /** Returns names that no other restore uses. */
    public static TemporaryName next() {
        return new TemporaryName(
                START + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt()));
    }

    /** Returns the name of a container that is about to get its own. */
    public String ofNew(String name) {
        return name + suffix + NEW;
    }

    /** Returns the name of a container that is being replaced. */
    public String ofReplaced(String name) {
        return name + suffix;
    }

    /** Returns whether a container that is to have, or had, one name may have another meanwhile. */
    public static boolean isOf(String name, String current) {
        return current.startsWith(name)
                && current.substring(name.length()).matches("(" + START + "[0-9a-f]{8}(" + NEW + ")?)?");
    }
}
