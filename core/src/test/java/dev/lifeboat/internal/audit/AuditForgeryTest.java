package dev.lifeboat.internal.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

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
import dev.lifeboat.internal.seal.KeySlot;
import dev.lifeboat.internal.seal.KeySlotStore;
import dev.lifeboat.internal.seal.OpenedSlot;
import dev.lifeboat.internal.seal.SealedKeys;
import dev.lifeboat.internal.seal.Secret;
import dev.lifeboat.internal.seal.Signer;
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

    /** An entry as the owner would make it, signed by another. */
    private AuditRecord asOwner(long number, String signer, String endorsement, OpenedSlot by) throws Exception {
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
                endorsement,
                new AuditRecord.Happened("0".repeat(32), "alice", "Prune", "prune all", "started", ""));
        return AuditRecord.sign(by, fields);
    }

    private Entry newest() {
        return owner.auditTrail().newest(1).get(0);
    }

    @Test
    void anEntryInTheNameOfAnotherKey_isSeen() throws Exception {
        AuditRecord.Fields real = forger.read(1).orElseThrow().fields();
        long next = check().last() + 1;
        replace(asOwner(next, real.signer(), real.endorsement(), attacker));
        assertThat(newest().proof()).isEqualTo(Proof.FORGED);
        assertThat(newest().key().label()).isEqualTo("first");
        assertThat(check().findings()).extracting(Finding::number).containsExactly(next);

        String own = HexFormat.of().formatHex(attacker.signer().publicKey());
        for (String endorsement :
                List.of(real.endorsement(), "", "no hex", HexFormat.of().formatHex(attacker.endorsement(id)))) {
            replace(asOwner(next, own, endorsement, attacker));
            assertThat(newest().proof()).isEqualTo(Proof.UNPROVEN);
            assertThat(check().findings()).extracting(Finding::number).containsExactly(next);
        }
        storage.delete(List.of(RepositoryLayout.auditEntry(next)));
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
    void aHolderOfAReadingKeyWhoActsAsAnother_isSeenIfBothHaveSigned() throws Exception {
        byte[] bobsKey = filled(7);
        owner.keys().add("bob", Encryption.key(() -> bobsKey));
        OpenedSlot bob = KeySlotStore.open(storage, id, Secret.key(bobsKey)).orElseThrow();
        AuditRecord.Fields real = forger.read(1).orElseThrow().fields();
        byte[] publicKey = bob.signer().publicKey();
        String endorsement =
                HexFormat.of().formatHex(Signer.endorse(bob.bundle(), id, real.slot(), true, real.label(), publicKey));
        long next = check().last() + 1;
        replace(asOwner(next, HexFormat.of().formatHex(publicKey), endorsement, bob));
        assertThat(newest().proof()).isEqualTo(Proof.PROVEN);
        assertThat(newest().signer()).isNotEqualTo(real.signer());
        assertThat(check().findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.problem()).contains("another signing key"));
    }

    @Test
    void anEndRemovedAndGrownAgain_isSeenByAnEarlierCheck() throws Exception {
        AuditTrail.Checked earlier = check();
        assertThat(owner.auditTrail().check(earlier).findings()).isEmpty();
        long last = earlier.last();
        storage.delete(List.of(RepositoryLayout.auditEntry(last), RepositoryLayout.auditEntry(last - 1)));
        assertThat(check().findings()).isEmpty();
        assertThat(owner.auditTrail().check(earlier).findings())
                .extracting(Finding::problem)
                .containsExactly("entries up to " + last + " were removed");
        try (Repository writer = Repository.at(storage)
                .encryption(Encryption.key(() -> writerKey))
                .audit("web-1")
                .open()) {
            writer.verify().run();
            writer.verify().run();
        }
        assertThat(check().findings()).isEmpty();
        assertThat(owner.auditTrail().check(earlier).findings())
                .extracting(Finding::number, Finding::problem)
                .containsExactly(tuple(last, "the entry is another one than at the earlier check"));
    }

    @Test
    void aBeginningThatWasRemoved_isSeenByAnEarlierCheck_andATrimThereIsSaid() throws Exception {
        AuditTrail.Checked earlier = check();
        owner.verify().run();
        owner.auditTrail().trim(3);
        assertThat(check().first()).isEqualTo(earlier.last() + 1);
        assertThat(owner.auditTrail().check(earlier).findings()).isEmpty();
        owner.auditTrail().trim(1);
        assertThat(owner.auditTrail().check(earlier).findings())
                .singleElement()
                .satisfies(finding -> assertThat(finding.problem()).contains("by a trim or otherwise"));
    }

    @Test
    void anEntryWithAHighNumber_costsATrimOneEntry_andTheHighestOneIsRefused() throws Exception {
        AuditRecord.Fields first = forger.read(1).orElseThrow().fields();
        replace(AuditRecord.sign(attacker, id, 1_000_000, "", first.time(), first.happened()));
        long last = 6;
        owner.auditTrail().trim(5);
        assertThat(owner.auditTrail().after(0)).extracting(Entry::number).contains(last, last - 1);

        replace(AuditRecord.sign(attacker, id, Long.MAX_VALUE, "", first.time(), first.happened()));
        try (Repository writer = Repository.at(storage)
                .encryption(Encryption.key(() -> writerKey))
                .audit("web-1")
                .open()) {
            assertThatThrownBy(() -> writer.verify().run())
                    .isInstanceOf(BackupException.StorageFailed.class)
                    .hasMessageContaining("highest number");
        }
        storage.delete(List.of(RepositoryLayout.auditEntry(Long.MAX_VALUE)));
    }

    @Test
    void objectsThatAreNoEntries_stopNoOperation() throws Exception {
        long last = check().last();
        for (long number : List.of(last + 1, last + 3, 0x100000L, Long.MAX_VALUE)) {
            storage.put(RepositoryLayout.auditEntry(number), Content.of(new byte[50]), PutCondition.ALWAYS);
        }
        ObjectKey elsewhere = new ObjectKey("audit/x/0000000000000001");
        storage.put(elsewhere, Content.of(new byte[50]), PutCondition.ALWAYS);
        owner.verify().run();
        try (Repository writer = Repository.at(storage)
                .encryption(Encryption.key(() -> writerKey))
                .audit("web-1")
                .open()) {
            writer.verify().run();
        }
        assertThat(owner.auditTrail().after(last).stream()
                        .filter(entry -> entry.proof() == Proof.PROVEN)
                        .toList())
                .extracting(Entry::number)
                .containsExactly(last + 2, last + 4, last + 5, last + 6);
        assertThat(check().findings())
                .extracting(Finding::problem)
                .containsExactly(
                        "the entry is damaged", "the entry is damaged", "this is no entry", "this is no entry");
        storage.delete(List.of(elsewhere));
        owner.auditTrail().trim(2);
        assertThat(check().findings()).isEmpty();
    }

    @Test
    void anEndorsementRemovedFromASlot_doesNotDisownEarlierEntries() throws Exception {
        byte[] bytes = attacker.slot().toBytes();
        KeySlot bare = new KeySlot(
                attacker.slot().id(),
                false,
                attacker.slot().label(),
                attacker.slot().stretch(),
                attacker.slot().salt(),
                attacker.slot().wrapped(),
                attacker.slot().proof(),
                new byte[0]);
        ObjectKey slot = RepositoryLayout.keySlot(attacker.slot().id());
        for (byte[] stored : List.of(bytes, bare.toBytes())) {
            storage.put(slot, Content.of(stored), PutCondition.ALWAYS);
            try (Repository writer = Repository.at(storage)
                    .encryption(Encryption.key(() -> writerKey))
                    .audit("web-1")
                    .open()) {
                writer.verify().run();
            }
        }
        assertThat(newest().proof()).isEqualTo(Proof.UNPROVEN);
        assertThat(check().findings()).isEmpty();
        storage.put(slot, Content.of(bytes), PutCondition.ALWAYS);
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
