package dev.lifeboat.internal.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.NotReadableException;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.format.RepositoryKeys.Right;
import dev.lifeboat.format.RepositoryKeys.SealingKey;
import dev.lifeboat.testkit.MemoryTree;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;
import org.junit.jupiter.api.Test;

class SealTest {
    private static final byte[] REPOSITORY = new byte[16];
    private final SecureRandom random = new SecureRandom();
    private final KeyBundle bundle = KeyBundle.generate(random);
    private final RepositoryKeys full = new SealedKeys(REPOSITORY, bundle, random);
    private final RepositoryKeys writer = new SealedKeys(REPOSITORY, bundle.writerOnly(), random);

    private static byte[] hex(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    /** RFC 5869, A.1 and A.3. */
    @Test
    void hkdf_publishedVectors() {
        assertThat(Derivation.hkdf(
                        hex("0b".repeat(22)), hex("000102030405060708090a0b0c"), hex("f0f1f2f3f4f5f6f7f8f9"), 42))
                .isEqualTo(hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"));
        assertThat(Derivation.hkdf(hex("0b".repeat(22)), new byte[0], new byte[0], 42))
                .isEqualTo(hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"));
    }

    /** RFC 9106, 5.3, of the library that we use. */
    @Test
    void argon2id_publishedVector() {
        Argon2BytesGenerator argon2 = new Argon2BytesGenerator();
        argon2.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
                .withVersion(Argon2Parameters.ARGON2_VERSION_13)
                .withMemoryAsKB(32)
                .withIterations(3)
                .withParallelism(4)
                .withSalt(hex("02".repeat(16)))
                .withSecret(hex("03".repeat(8)))
                .withAdditional(hex("04".repeat(12)))
                .build());
        byte[] out = new byte[32];
        argon2.generateBytes(hex("01".repeat(32)), out);
        assertThat(out).isEqualTo(hex("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"));
    }

    /** A repository that was written with one of them is opened with the other. */
    @Test
    void argon2id_isTheSame_natively() {
        assertThat(Argon2id.isNative()).isTrue();
        byte[] salt = MemoryTree.random(5, 16);
        for (Secret.Stretch stretch : List.of(
                Secret.Stretch.ARGON2ID,
                new Secret.Stretch("argon2id", 8, 1, 1),
                new Secret.Stretch("argon2id", 1000, 2, 3),
                new Secret.Stretch("argon2id", 640, 1, 64))) {
            for (byte[] passphrase : List.of(new byte[0], "Grüße".getBytes(StandardCharsets.UTF_8), new byte[300])) {
                assertThat(Argon2id.hash(stretch, passphrase.clone(), salt))
                        .isEqualTo(Argon2id.onHeap(stretch, passphrase, salt));
            }
        }
    }

    /**
     * What the JDK's own GCM seals we open, and the other way round, at every length; and nothing that differs by a
     * bit.
     */
    @Test
    void gcm_isThatOfTheJdk() throws Exception {
        Random pseudo = new Random(3);
        SecretKey key = new SecretKeySpec(MemoryTree.random(1, 32), "AES");
        for (int length = 0; length < 5000; length += length < 70 || length % 1024 < 40 ? 1 : 37) {
            checkGcm(key, pseudo, length);
        }
        checkGcm(key, pseudo, 3_000_001);
    }

    private static void checkGcm(SecretKey key, Random random, int length) throws Exception {
        byte[] plain = MemoryTree.random(length, length);
        byte[] associated = MemoryTree.random(7, length % 50);
        byte[] nonce = new byte[12];
        random.nextBytes(nonce);
        Cipher jdk = Cipher.getInstance("AES/GCM/NoPadding");
        jdk.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, nonce));
        jdk.updateAAD(associated);
        byte[] sealed = jdk.doFinal(plain);
        byte[] ours = new byte[length + 16];
        assertThat(Gcm.seal(key, nonce, associated, plain, 0, length, ours, 0)).isEqualTo(length + 16);
        assertThat(ours).isEqualTo(sealed);
        byte[] opened = new byte[length + 5];
        assertThat(Gcm.open(key, nonce, associated, sealed, 0, sealed.length, opened, 5))
                .isEqualTo(length);
        assertThat(java.util.Arrays.copyOfRange(opened, 5, opened.length)).isEqualTo(plain);
        byte[] forged = sealed.clone();
        forged[random.nextInt(forged.length)] ^= (byte) (1 << random.nextInt(8));
        assertThatThrownBy(() -> Gcm.open(key, nonce, associated, forged, 0, forged.length, opened, 5))
                .isInstanceOf(DamagedException.class);
        assertThat(opened).containsOnly(0);
        byte[] others = (new String(associated, java.nio.charset.StandardCharsets.ISO_8859_1) + "x")
                .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThatThrownBy(() -> Gcm.open(key, nonce, others, sealed, 0, sealed.length, opened, 5))
                .isInstanceOf(DamagedException.class);
    }

    @Test
    void whatAWriterSeals_onlyReadersOpen() throws Exception {
        byte[] plain = "content".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        for (RepositoryKeys keys : new RepositoryKeys[] {full, writer}) {
            SealingKey key = keys.newKey(Right.READ);
            byte[] sealed = new byte[plain.length + key.overhead()];
            key.seal(7, new byte[] {1}, plain, 0, plain.length, sealed, 0);
            byte[] opened = new byte[sealed.length];
            int length =
                    full.unwrap(Right.READ, key.wrapped()).open(7, new byte[] {1}, sealed, 0, sealed.length, opened, 0);
            assertThat(java.util.Arrays.copyOf(opened, length)).isEqualTo(plain);
            assertThatThrownBy(() -> writer.unwrap(Right.READ, key.wrapped())).isInstanceOf(NotReadableException.class);
            assertThatThrownBy(() -> full.unwrap(Right.READ, key.wrapped())
                            .open(8, new byte[] {1}, sealed, 0, sealed.length, opened, 0))
                    .isInstanceOf(DamagedException.class);
            assertThatThrownBy(() -> full.unwrap(Right.READ, key.wrapped())
                            .open(7, new byte[] {2}, sealed, 0, sealed.length, opened, 0))
                    .isInstanceOf(DamagedException.class);
        }
        SealingKey shared = full.newKey(Right.WRITE);
        assertThat(writer.unwrap(Right.WRITE, shared.wrapped()).wrapped()).isEqualTo(shared.wrapped());
        assertThat(writer.namer().name(1, plain, 0, plain.length))
                .isEqualTo(full.namer().name(1, plain, 0, plain.length))
                .isNotEqualTo(full.namer().name(2, plain, 0, plain.length));
    }

    @Test
    void anyBytesAsAWrappedKey_areDamageOrNotReadable() {
        Random bytes = new Random(1);
        for (int i = 0; i < 2000; i++) {
            byte[] wrapped = new byte[bytes.nextInt(140)];
            bytes.nextBytes(wrapped);
            if (wrapped.length > 0) {
                wrapped[0] = (byte) bytes.nextInt(5);
            }
            for (Right right : Right.values()) {
                assertThatThrownBy(() -> full.unwrap(right, wrapped)).isInstanceOf(DamagedException.class);
                assertThatThrownBy(() -> writer.unwrap(right, wrapped))
                        .isInstanceOfAny(DamagedException.class, NotReadableException.class);
            }
        }
    }

    @Test
    void slots_openBySecretOnly() throws Exception {
        Secret secret = Secret.key(hex("11".repeat(32)));
        KeySlot slot = KeySlot.wrap(REPOSITORY, "00".repeat(16), "label", bundle, bundle, secret, random)
                .slot();
        KeySlot read = KeySlot.parse(slot.toBytes(), "slot");
        assertThat(read.open(REPOSITORY, secret).orElseThrow().bundle().toBytes())
                .isEqualTo(bundle.toBytes());
        assertThat(read.open(REPOSITORY, Secret.key(hex("12".repeat(32))))).isEmpty();
        assertThat(read.open(new byte[] {1}, secret)).isEmpty();
        assertThat(read.belongsTo(REPOSITORY, bundle)).isTrue();
        assertThat(read.belongsTo(REPOSITORY, KeyBundle.generate(random))).isFalse();
        assertThat(read.belongsTo(REPOSITORY, bundle.writerOnly())).isFalse();
        KeySlot promoted = new KeySlot(
                slot.id(),
                false,
                slot.label(),
                slot.stretch(),
                slot.salt(),
                slot.wrapped(),
                slot.proof(),
                slot.endorsement());
        assertThat(promoted.open(REPOSITORY, secret)).isEmpty();
        KeySlot greedy = new KeySlot(
                slot.id(),
                true,
                "",
                new Secret.Stretch("argon2id", 1 << 30, 1, 1),
                slot.salt(),
                slot.wrapped(),
                slot.proof(),
                slot.endorsement());
        assertThatThrownBy(() -> KeySlot.parse(greedy.toBytes(), "slot")).isInstanceOf(DamagedException.class);
    }
}
