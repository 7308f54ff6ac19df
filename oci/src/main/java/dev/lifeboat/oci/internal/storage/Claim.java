package dev.lifeboat.oci.internal.storage;

import dev.lifeboat.internal.io.RandomIds;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.process.ProcessIdentity;
import dev.lifeboat.oci.internal.client.Manifest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A claim of the right to write. It has some manifests that differ in nothing but a number: each renewal puts the next
 * one, so that whoever looks sees that it changes, and few are left behind.
 */
final class Claim {
    /** More than renewals until a claim is void: in that time no manifest comes twice. */
    private static final int BEATS = 8;

    private static final int MAX_SHOWN = 100;
    private static final String TYPE = "application/vnd.lifeboat.writer.v1";
    private static final String WRITER = "dev.lifeboat.writer";
    private static final String PROCESS = "dev.lifeboat.process";
    private static final String HOST = "dev.lifeboat.host";
    private static final String SINCE = "dev.lifeboat.since";
    private static final String BEAT = "dev.lifeboat.beat";

    /** No claim. */
    static final Manifest FREE = ObjectManifest.note(TYPE, JsonObject.create().put(WRITER, "none"));

    private final List<Manifest> beats = new ArrayList<>();
    /** How many of them were put, at most. */
    private int used;

    /** When the request was sent that changed the tag last: the claim is not void before a time after it. */
    private volatile long renewedAt = System.nanoTime();

    /** Creates a claim of this process. */
    Claim() {
        this(ProcessIdentity.current().token(), host());
    }

    Claim(String process, String host) {
        String id = RandomIds.next();
        String since = Instant.now().toString();
        for (int i = 0; i < BEATS; i++) {
            beats.add(ObjectManifest.note(
                    TYPE,
                    JsonObject.create()
                            .put(WRITER, id)
                            .put(PROCESS, process)
                            .put(HOST, host)
                            .put(SINCE, since)
                            .put(BEAT, Integer.toString(i))));
        }
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "";
        }
    }

    /** The manifests that may be in the registry. */
    synchronized List<Manifest> used() {
        return List.copyOf(beats.subList(0, used));
    }

    long renewedAt() {
        return renewedAt;
    }

    void renewed(long sentAt) {
        renewedAt = sentAt;
    }

    /** Whether the tag refers to this claim. */
    boolean is(Optional<String> digest) {
        return indexOf(digest) >= 0;
    }

    /** The manifest to put after the one of a digest; the first one if the digest is none of them. */
    synchronized Manifest after(Optional<String> digest) {
        int next = (indexOf(digest) + 1) % BEATS;
        used = Math.max(used, next + 1);
        return beats.get(next);
    }

    private int indexOf(Optional<String> digest) {
        for (int i = 0; i < BEATS; i++) {
            if (digest.equals(Optional.of(beats.get(i).digest()))) {
                return i;
            }
        }
        return -1;
    }

    private static Map<String, String> notes(Manifest manifest) {
        try {
            JsonObject json = manifest.json();
            return json.has("annotations") ? json.stringMap("annotations") : Map.of();
        } catch (IOException e) {
            // Not one of ours. It is void some time later.
            return Map.of();
        }
    }

    /** Whether the process of a claim was one of this machine since it was booted, and has ended. */
    static boolean isOfEndedProcess(Manifest manifest) {
        return ProcessIdentity.isGoneOfThisBoot(notes(manifest).getOrDefault(PROCESS, ""));
    }

    /** Names the process of a claim, for people. */
    static String describe(Manifest manifest) {
        Map<String, String> notes = notes(manifest);
        String pid = notes.getOrDefault(PROCESS, "").replaceFirst("\\..*", "");
        String host = notes.getOrDefault(HOST, "");
        return shown("process " + pid + (host.isEmpty() ? "" : " on " + host) + " (since "
                + notes.getOrDefault(SINCE, "some time") + ")");
    }

    private static String shown(String text) {
        return text.substring(0, Math.min(MAX_SHOWN, text.length())).replaceAll("\\p{Cntrl}", "?");
    }
}
