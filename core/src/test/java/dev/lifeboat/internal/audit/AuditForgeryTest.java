package dev.lifeboat.internal.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.AuditTrail;
import dev.lifeboat.AuditTrail.Entry;
import dev.lifeboat.AuditTrail.Finding;
import dev.lifeboat.AuditTrail.Proof;
import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.internal.json.Envelope;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.seal.KeySlotStore;
import dev.lifeboat.internal.seal.OpenedSlot;
import dev.lifeboat.internal.seal.SealedKeys;
import dev.lifeboat.internal.seal.Secret;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.testkit.MemoryStorage;
import java.io.InputStream;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a holder of a write-only key with all rights in the store can do to the audit trail, and what shows it. */
@Timeout(60)
class AuditForgeryTest {
    private final MemoryStorage storage = new MemoryStorage();
    private final byte[] ownerKey = filled(1);
    private final byte[] writerKey = filled(2);
    private final byte[] otherKey = filled(3);
    private Repository owner;
    private OpenedSlot attacker;
    private AuditStore forger;
    private byte[] id;

    private static byte[] filled(int value) {
        byte[] key = new byte[32];
        Arrays.fill(key, (byte) value);
        return key;
    }

    @BeforeEach
    void create() throws Exception {
        owner = Repository.at(storage)
                .encryption(Encryption.key(() -> ownerKey))
                .audit("alice")
                .create();
        owner.keys().addWriter("web-1", Encryption.key(() -> writerKey));
        owner.keys().addWriter("web-2", Encryption.key(() -> otherKey));
        owner.verify().run();
        id = HexFormat.of()
                .parseHex(SealedDocument.read(storage, RepositoryLayout.DESCRIPTOR, "repository", 1)
                        .string("id"));
        attacker = KeySlotStore.open(storage, id, Secret.key(writerKey)).orElseThrow();
        forger = new AuditStore(storage, new Envelope(new SealedKeys(id, attacker.bundle(), new SecureRandom())));
        assertThat(check().findings()).isEmpty();
    }

    @AfterEach
    void verify() {
        assertThat(owner.verify().readData().run().findings()).isEmpty();
        owner.close();
    }

    private AuditTrail.Checked check() {
        return owner.auditTrail().check();
    }

    private byte[] bytes(long number) throws Exception {
        try (InputStream in = storage.open(RepositoryLayout.auditEntry(number), ByteRange.all())) {
            return in.readAllBytes();
        }
    }

    private void replace(AuditRecord entry) throws Exception {
        ObjectKey key = RepositoryLayout.auditEntry(entry.fields().number());
        Envelope envelope = new Envelope(new SealedKeys(id, attacker.bundle(), new SecureRandom()));
        storage.put(key, Content.of(envelope.close(key, entry.toDocument())), PutCondition.ALWAYS);
    }

    /** An entry as the owner would make it, signed by the attacker. */
    private AuditRecord asOwner(long number, String signer) throws Exception {
        AuditRecord real = forger.read(1).orElseThrow();
        AuditRecord.Fields fields = new AuditRecord.Fields(
                real.fields().repository(),
                number,
                forger.read(number - 1).orElseThrow().digest(),
                real.fields().time(),
                real.fields().slot(),
                real.fields().label(),
                true,
                signer,
                new AuditRecord.Happened("0".repeat(32), "alice", "Prune", "prune all", "started", ""));
        byte[] signed = fields.toBytes();
        return new AuditRecord(fields, signed, attacker.signer().sign(signed), real.endorsement());
    }

    private Entry newest() {
        return owner.auditTrail().newest(1).get(0);
    }

    @Test
    void anEntryInTheNameOfAnotherKey_isSeen() throws Exception {
        String ownersKey = forger.read(1).orElseThrow().fields().signer();
        long next = check().last() + 1;
        replace(asOwner(next, ownersKey));
        assertThat(newest().proof()).isEqualTo(Proof.FORGED);
        assertThat(newest().key().label()).isEqualTo("first");
        assertThat(check().findings()).extracting(Finding::number).containsExactly(next);

        replace(asOwner(next, HexFormat.of().formatHex(attacker.signer().publicKey())));
        assertThat(newest().proof()).isNotEqualTo(Proof.PROVEN);
        assertThat(check().findings()).extracting(Finding::number).containsExactly(next);
    }

    @Test
    void anEntryOfTheOwnKey_isProven_andOneOfAKeyThatAWriterAdded_isNot() throws Exception {
        try (Repository writer = Repository.at(storage)
                .encryption(Encryption.key(() -> writerKey))
                .audit("web-1")
                .open()) {
            writer.keys().addWriter("first", Encryption.key(() -> filled(9)));
            assertThat(writer.auditTrail().newest(1).get(0).proof()).isEqualTo(Proof.UNPROVEN);
            assertThatThrownBy(() -> writer.auditTrail().check())
                    .isInstanceOf(BackupException.WrongKey.class)
                    .hasMessageContaining("may only write");
        }
        assertThat(newest().proof()).isEqualTo(Proof.PROVEN);
        assertThat(newest().key().label()).isEqualTo("web-1");
        assertThat(newest().operation()).isEqualTo("AddKey");
        assertThat(check().findings()).isEmpty();
        try (Repository added = Repository.at(storage)
                .encryption(Encryption.key(() -> filled(9)))
                .audit("alice")
                .open()) {
            added.verify().run();
        }
        assertThat(newest().proof()).isEqualTo(Proof.UNPROVEN);
        assertThat(check().findings())
                .extracting(Finding::problem)
                .containsOnly("key 'first' was not added by one that may read");
    }

    @Test
    void entriesThatWereCopiedReplacedRemovedOrDamaged_areSeen() throws Exception {
        assertThat(check().last()).isGreaterThanOrEqualTo(6);
        byte[] bytesOfFirst = bytes(1);
        byte[] bytesOfThird = bytes(3);
        ObjectKey third = RepositoryLayout.auditEntry(3);

        storage.delete(List.of(third));
        assertThat(check().findings()).extracting(Finding::number).containsExactly(3L);
        assertThat(check().findings().get(0).problem()).isEqualTo("entries 3 to 3 are missing");

        // Sealed for its place.
        storage.put(third, Content.of(bytesOfFirst), PutCondition.ALWAYS);
        assertThat(check().findings()).extracting(Finding::problem).containsExactly("the entry is damaged");

        // Opened and sealed again for another place.
        AuditRecord first = forger.read(1).orElseThrow();
        Envelope envelope = new Envelope(new SealedKeys(id, attacker.bundle(), new SecureRandom()));
        storage.put(third, Content.of(envelope.close(third, first.toDocument())), PutCondition.ALWAYS);
        assertThat(check().findings()).extracting(Finding::problem).contains("the signature is wrong");

        // By the attacker itself, with its own key and the right link to what is before.
        replace(AuditRecord.sign(
                attacker,
                id,
                3,
                forger.read(2).orElseThrow().digest(),
                first.fields().time(),
                first.fields().happened()));
        assertThat(check().findings())
                .isEqualTo(List.of(new Finding(3, "the entry was replaced after the next one was made")));

        storage.put(third, Content.of(bytesOfThird), PutCondition.ALWAYS);
        assertThat(check().findings()).isEmpty();
    }

    @Test
    void anEntryOfAnotherRepository_isSeen() throws Exception {
        MemoryStorage elsewhere = new MemoryStorage();
        try (Repository other = Repository.at(elsewhere)
                .encryption(Encryption.key(() -> ownerKey))
                .audit("alice")
                .create()) {
            other.verify().run();
        }
        byte[] otherId = HexFormat.of()
                .parseHex(SealedDocument.read(elsewhere, RepositoryLayout.DESCRIPTOR, "repository", 1)
                        .string("id"));
        OpenedSlot opened =
                KeySlotStore.open(elsewhere, otherId, Secret.key(ownerKey)).orElseThrow();
        AuditRecord real = new AuditStore(
                        elsewhere, new Envelope(new SealedKeys(otherId, opened.bundle(), new SecureRandom())))
                .read(1)
                .orElseThrow();
        ObjectKey key = RepositoryLayout.auditEntry(1);
        Envelope envelope = new Envelope(new SealedKeys(id, attacker.bundle(), new SecureRandom()));
        byte[] before = bytes(1);
        storage.put(key, Content.of(envelope.close(key, real.toDocument())), PutCondition.ALWAYS);
        assertThat(check().findings()).extracting(Finding::problem).contains("the signature is wrong");
        storage.put(key, Content.of(before), PutCondition.ALWAYS);
    }
}
