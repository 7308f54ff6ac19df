package dev.lifeboat;

import dev.lifeboat.internal.seal.Secret;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How a repository is encrypted, and what opens it. Required at every opening, so that an unencrypted repository cannot
 * replace an encrypted one unnoticed. Immutable.
 *
 * <p>An encrypted repository hides content, names, and which content belongs together from anyone who can read the
 * store. It does not hide how much is stored, when it was written, or how long chunks are.
 */
public final class Encryption {
    private static final Encryption NONE = new Encryption(Optional.empty());

    private final Optional<Supplier<Secret>> secret;

    private Encryption(Optional<Supplier<Secret>> secret) {
        this.secret = secret;
    }

    /** Returns no encryption: anyone who can read the store can read the snapshots. */
    public static Encryption none() {
        return NONE;
    }

    /**
     * Returns encryption by a passphrase. Each opening derives the key by Argon2id with 64 MiB of memory, which takes a
     * good part of a second.
     *
     * @param passphrase called at each opening; the result is normalized to Unicode form NFC
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
     * Returns encryption by a key of 32 random bytes, such as one from a secret manager. Opening takes no noticeable
     * time.
     *
     * @param key called at each opening; the array is copied
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

    /** Returns the secret; empty if there is no encryption. */
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
