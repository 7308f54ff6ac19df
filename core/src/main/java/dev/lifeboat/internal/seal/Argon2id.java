package dev.lifeboat.internal.seal;

import de.mkammerer.argon2.Argon2Advanced;
import de.mkammerer.argon2.Argon2Factory;
import de.mkammerer.argon2.Argon2Version;
import dev.lifeboat.internal.seal.Secret.Stretch;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Argon2id, version 1.3 (RFC 9106): by the code of its authors where a native library of it loads, outside of the heap
 * and on several cores; else by Bouncy Castle, which takes longer. Both have the same result.
 */
final class Argon2id {
    private static final Logger log = LoggerFactory.getLogger(Argon2id.class);
    private static final int BYTES = 32;

    private Argon2id() {}

    /** Loaded when it is needed first. */
    private static final class Library {
        private static final int SALT_BYTES = 16;

        static final Optional<Argon2Advanced> ARGON2 = load();

        private static Optional<Argon2Advanced> load() {
            try {
                Argon2Advanced argon2 =
                        Argon2Factory.createAdvanced(Argon2Factory.Argon2Types.ARGON2id, SALT_BYTES, BYTES);
                if (isRight(argon2)) {
                    return Optional.of(argon2);
                }
                log.debug("a native library of Argon2 is not used: its result is wrong");
            } catch (LinkageError | RuntimeException e) {
                log.debug(
                        "no native library of Argon2, so opening with a passphrase takes longer, and memory of the"
                                + " heap [cause={}]",
                        e.toString());
            }
            return Optional.empty();
        }

        /** By the example of RFC 9106, section 5.3. A system may have another library of the same name. */
        private static boolean isRight(Argon2Advanced argon2) {
            byte[] hash = argon2.rawHashAdvanced(
                    3, 32, 4, filled(32, 1), filled(16, 2), filled(8, 3), filled(12, 4), BYTES, Argon2Version.V13);
            return Arrays.equals(
                    hash, HexFormat.of().parseHex("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"));
        }

        private static byte[] filled(int length, int value) {
            byte[] bytes = new byte[length];
            Arrays.fill(bytes, (byte) value);
            return bytes;
        }
    }

    /** Whether a native library of it is used here. */
    static boolean isNative() {
        return Library.ARGON2.isPresent();
    }

    /** Stretches a passphrase to 32 bytes. */
    static byte[] hash(Stretch stretch, byte[] passphrase, byte[] salt) {
        if (Library.ARGON2.isPresent()) {
            try {
                return Library.ARGON2
                        .get()
                        .rawHash(stretch.passes(), stretch.memoryKib(), stretch.lanes(), passphrase, salt);
            } catch (IllegalStateException e) {
                log.debug("Argon2 is calculated without its native library [cause={}]", e.toString());
            }
        }
        return onHeap(stretch, passphrase, salt);
    }

    /** Does so by Bouncy Castle. */
    static byte[] onHeap(Stretch stretch, byte[] passphrase, byte[] salt) {
        Argon2BytesGenerator argon2 = new Argon2BytesGenerator();
        argon2.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
                .withVersion(Argon2Parameters.ARGON2_VERSION_13)
                .withMemoryAsKB(stretch.memoryKib())
                .withIterations(stretch.passes())
                .withParallelism(stretch.lanes())
                .withSalt(salt)
                .build());
        byte[] out = new byte[BYTES];
        try {
            argon2.generateBytes(passphrase, out);
        } catch (OutOfMemoryError e) {
            throw new IllegalStateException(
                    "a passphrase is stretched over " + (stretch.memoryKib() >> 10)
                            + " MiB of memory, and the heap of "
                            + (Runtime.getRuntime().maxMemory() >> 20)
                            + " MiB has less to give, since no native library of Argon2 loads here; use -Xmx96m or"
                            + " more, or a key",
                    e);
        }
        return out;
    }
}
