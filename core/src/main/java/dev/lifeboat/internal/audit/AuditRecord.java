package dev.lifeboat.internal.audit;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.seal.KeyBundle;
import dev.lifeboat.internal.seal.OpenedSlot;
import dev.lifeboat.internal.seal.Signer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/**
 * An entry of the audit trail: what was signed, and the signature. See docs/FORMAT.md, section 16.
 *
 * @param fields what was signed
 * @param signed its bytes
 * @param signature of these
 */
@SuppressWarnings("ArrayRecordComponent") // Only read; records of this class are not compared.
public record AuditRecord(Fields fields, byte[] signed, byte[] signature) {
    static final String KIND = "audit";
    static final int VERSION = 1;
    private static final String CONTEXT = "lifeboat/1 audit ";

    /**
     * What happened.
     *
     * @param run of 32 hex digits; equal for the beginning and the end of one operation
     * @param actor who it was, as the program says
     * @param operation such as {@code Prune}
     * @param description for people
     * @param phase such as {@code started}
     * @param outcome for people; empty if there is nothing to say
     */
    public record Happened(
            String run, String actor, String operation, String description, String phase, String outcome) {}

    /**
     * What is signed.
     *
     * @param repository its id in hex
     * @param number of the entry
     * @param previous digest of the entry before; empty if there is none or it could not be read
     * @param time by the clock of the one who signed
     * @param slot id of the key slot
     * @param label of the key slot
     * @param mayRead whether its key may read
     * @param signer public key in hex
     * @param endorsement of that key for this slot, in hex; empty if there is none
     */
    public record Fields(
            String repository,
            long number,
            String previous,
            Instant time,
            String slot,
            String label,
            boolean mayRead,
            String signer,
            String endorsement,
            Happened happened) {
        byte[] toBytes() {
            return JsonObject.create()
                    .put("repository", repository)
                    .put("number", number)
                    .put("previous", previous)
                    .put("time", time.toString())
                    .put("slot", slot)
                    .put("label", label)
                    .put("right", mayRead ? "read" : "write")
                    .put("signer", signer)
                    .put("endorsement", endorsement)
                    .put("run", happened.run())
                    .put("actor", happened.actor())
                    .put("operation", happened.operation())
                    .put("description", happened.description())
                    .put("phase", happened.phase())
                    .put("outcome", happened.outcome())
                    .toBytes();
        }

        static Fields parse(byte[] bytes, String label) throws IOException {
            JsonObject json = JsonObject.parse(bytes, label);
            try {
                return new Fields(
                        json.string("repository"),
                        json.number("number"),
                        json.string("previous"),
                        Instant.parse(json.string("time")),
                        json.string("slot"),
                        json.string("label"),
                        json.string("right").equals("read"),
                        json.string("signer"),
                        json.string("endorsement"),
                        new Happened(
                                json.string("run"),
                                json.string("actor"),
                                json.string("operation"),
                                json.string("description"),
                                json.string("phase"),
                                json.string("outcome")));
            } catch (DateTimeException e) {
                throw new DamagedException(label + " is damaged: " + e.getMessage(), e);
            }
        }
    }

    /** Signs an entry. */
    static AuditRecord sign(
            OpenedSlot key, byte[] repository, long number, String previous, Instant time, Happened happened) {
        Fields fields = new Fields(
                HexFormat.of().formatHex(repository),
                number,
                previous,
                time,
                key.slot().id(),
                key.slot().label(),
                key.slot().mayRead(),
                HexFormat.of().formatHex(key.signer().publicKey()),
                HexFormat.of().formatHex(key.endorsement(repository)),
                happened);
        return sign(key, fields);
    }

    static AuditRecord sign(OpenedSlot key, Fields fields) {
        byte[] signed = fields.toBytes();
        return new AuditRecord(fields, signed, key.signer().sign(message(signed)));
    }

    private static byte[] message(byte[] signed) {
        byte[] context = CONTEXT.getBytes(StandardCharsets.US_ASCII);
        byte[] message = Arrays.copyOf(context, context.length + signed.length);
        System.arraycopy(signed, 0, message, context.length, signed.length);
        return message;
    }

    JsonObject toDocument() {
        Base64.Encoder base64 = Base64.getEncoder();
        return JsonObject.create()
                .put("lifeboat", KIND)
                .put("version", VERSION)
                .put("entry", base64.encodeToString(signed))
                .put("signature", base64.encodeToString(signature));
    }

    static AuditRecord of(JsonObject document, String label) throws IOException {
        try {
            Base64.Decoder base64 = Base64.getDecoder();
            byte[] signed = base64.decode(document.string("entry"));
            return new AuditRecord(Fields.parse(signed, label), signed, base64.decode(document.string("signature")));
        } catch (IllegalArgumentException e) {
            throw new DamagedException(label + " is damaged: " + e.getMessage(), e);
        }
    }

    /** Returns the digest that the next entry names. */
    public String digest() {
        return Digests.hex(Digests.sha256(signed, signed.length));
    }

    /** Returns whether the holder of the key that it names has signed it, for this place in this repository. */
    public boolean isSigned(byte[] repository, long number) {
        try {
            return fields.repository().equals(HexFormat.of().formatHex(repository))
                    && fields.number() == number
                    && Signer.isSigned(HexFormat.of().parseHex(fields.signer()), message(signed), signature);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Returns whether a holder of the read right has added the key that it names. */
    public boolean isEndorsed(byte[] repository, KeyBundle bundle) {
        try {
            return Signer.isEndorsed(
                    bundle,
                    repository,
                    fields.slot(),
                    fields.mayRead(),
                    fields.label(),
                    HexFormat.of().parseHex(fields.signer()),
                    HexFormat.of().parseHex(fields.endorsement()));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
