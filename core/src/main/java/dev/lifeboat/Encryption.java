package dev.lifeboat;

import dev.lifeboat.internal.seal.Secret;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How a repository is encrypted, and what opens it. Said at every opening, so that nobody can slip a plain repository in the place of an encrypted
 * one. Immutable.
 *
 * <p>An encrypted repository keeps content, names, and which content belongs together from who has the store. It does not hide how much there is,
 * when it was written, and how long chunks are.
 */
public final class Encryption {
    private static final Encryption NONE = new Encryption(Optional.empty());

    private final Optional<Supplier<Secret>> secret;

    private Encryption(Optional<Supplier<Secret>> secret) {
        this.secret = secret;
    }

    /** Not at all: anyone who can read the store can read the snapshots. */
    public static Encryption none() {
        return NONE;
    }

    /**
     * By a passphrase. Stretched by Argon2id over 64 MiB of memory at each opening, which takes a good part of a second.
     *
     * @param passphrase asked for at each opening; brought to Unicode's form NFC
     */
    public static Encryption passphrase(Supplier<? extends CharSequence> passphrase) {
        return new Encryption(Optional.of(() -> {
            CharSequence text = given(passphrase.get(), "passphrase");
            if (text.length() == 0) {
                throw new IllegalArgumentException("the passphrase is empty");
            }
            return Secret.passphrase(text);
        }));
    }

    /**
     * By a key of 32 random bytes, as a secret manager keeps it. Opens at once.
     *
     * @param key asked for at each opening; copied
     */
    public static Encryption key(Supplier<byte[]> key) {
        return new Encryption(Optional.of(() -> {
            byte[] bytes = given(key.get(), "key");
            if (bytes.length != 32) {
                throw new IllegalArgumentException("a key has 32 bytes, this one has " + bytes.length);
            }
            return Secret.key(bytes);
        }));
    }

    private static <T> T given(@Nullable T secret, String what) {
        if (secret == null) {
            throw new IllegalArgumentException("the supplier of the " + what + " returned null");
        }
        return secret;
    }

    /** Empty if there is none. */
    Optional<Secret> secret() {
        return secret.map(Supplier::get);
    }

    boolean isNone() {
        return secret.isEmpty();
    }

    @Override
    public String toString() {
        return isNone() ? "none" : "encrypted";
    }
}
