package dev.lifeboat.internal.io;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Random ids of 32 hex digits. */
public final class RandomIds {
    private static final SecureRandom RANDOM = new SecureRandom();

    private RandomIds() {}

    /** Returns a new id. */
    public static String next() {
        byte[] bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
