package dev.lifeboat.internal.seal;

import dev.lifeboat.format.DamagedException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;

/** The secret that opens a key slot: a passphrase or a key. */
public sealed interface Secret {
    /** Returns the secret of a passphrase, normalized to Unicode NFC, so that it is the same from every keyboard. */
    static Secret passphrase(CharSequence passphrase) {
        return new Passphrase(
                Normalizer.normalize(passphrase, Normalizer.Form.NFC).getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the secret of a key of 32 random bytes. */
    static Secret key(byte[] key) {
        return new Raw(key.clone());
    }

    /** Returns the key stretching recorded in a slot that this secret opens. */
    Stretch stretch();

    /** Derives the key that opens a slot. */
    byte[] stretched(Stretch stretch, byte[] salt) throws DamagedException;

    /**
     * How the key of a slot is derived from a secret.
     *
     * @param name {@code argon2id} or {@code none}
     */
    record Stretch(String name, int memoryKib, int passes, int lanes) {
        static final Stretch NONE = new Stretch("none", 0, 0, 0);
        /** The second recommended option of RFC 9106, section 4. */
        static final Stretch ARGON2ID = new Stretch("argon2id", 64 << 10, 3, 4);
        /**
         * More is refused before it is allocated: a slot written by another party must not use up all memory or run for
         * hours.
         */
        private static final int MAX_MEMORY_KIB = 256 << 10;

        private static final int MAX_PASSES = 16;
        private static final int MAX_LANES = 64;

        /** Returns the form that is bound to a slot. */
        String canonical() {
            return name + ":" + memoryKib + ":" + passes + ":" + lanes;
        }

        void check() throws DamagedException {
            boolean argon = name.equals("argon2id")
                    && passes >= 1
                    && passes <= MAX_PASSES
                    && lanes >= 1
                    && lanes <= MAX_LANES
                    && memoryKib >= 8 * lanes
                    && memoryKib <= MAX_MEMORY_KIB;
            if (!argon && !name.equals("none")) {
                throw new DamagedException("a key slot requires " + this + ", which is unknown or out of bounds");
            }
        }
    }

    /** A passphrase. */
    @SuppressWarnings("ArrayRecordComponent")
    record Passphrase(byte[] bytes) implements Secret {
        @Override
        public Stretch stretch() {
            return Stretch.ARGON2ID;
        }

        @Override
        public byte[] stretched(Stretch stretch, byte[] salt) throws DamagedException {
            stretch.check();
            return Argon2id.hash(stretch, bytes, salt);
        }

        @Override
        public String toString() {
            return "passphrase";
        }
    }

    /** A key. */
    @SuppressWarnings("ArrayRecordComponent")
    record Raw(byte[] bytes) implements Secret {
        @Override
        public Stretch stretch() {
            return Stretch.NONE;
        }

        @Override
        public byte[] stretched(Stretch stretch, byte[] salt) {
            return Derivation.derive(bytes, salt, "slot", 32);
        }

        @Override
        public String toString() {
            return "key";
        }
    }
}
