package dev.lifeboat.oci.internal.storage;

import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tags of an object. A tag has up to 128 characters of {@code [A-Za-z0-9_.-]} (distribution-spec 1.1, "Pulling
 * manifests"); a key has no upper case, and slashes.
 *
 * <ul>
 *   <li>{@code K<key>}, each slash as {@code S}: the object is there if, and only if, this tag is. A key that is too
 *       long has {@code H<SHA-256 of the key in hex>} in its place.
 *   <li>{@code I<key>L<length>T<time>}, in base 36, the time in milliseconds since 1970: spares a listing to read the
 *       manifest. It is put first. So after a kill there may be one without the other tag, which means nothing, or two
 *       of one key, of which the manifest tells the right one. There is none if the key is too long.
 * </ul>
 */
final class KeyTag {
    /** Of a key as part of a tag. A length and a time have up to 13 digits in base 36 each. */
    private static final int MAX_KEY = 128 - 3 - 2 * 13;

    private static final int RADIX = 36;
    private static final Pattern HASHED = Pattern.compile("H[0-9a-f]{64}");
    private static final Pattern INFO = Pattern.compile("I([^L]+)L([0-9a-z]{1,13})T([0-9a-z]{1,13})");

    private KeyTag() {}

    private static String text(ObjectKey key) {
        return key.value().replace('/', 'S');
    }

    private static Optional<ObjectKey> key(String text) {
        String value = text.replace('S', '/');
        return value.equals(value.toLowerCase(Locale.ROOT)) && ObjectKey.isValid(value)
                ? Optional.of(new ObjectKey(value))
                : Optional.empty();
    }

    /** The tag by which an object is found. */
    static String of(ObjectKey key) {
        byte[] bytes = key.value().getBytes(StandardCharsets.US_ASCII);
        return bytes.length <= MAX_KEY ? "K" + text(key) : "H" + Digests.hex(Digests.sha256(bytes, bytes.length));
    }

    /** Whether an object is found by a tag. */
    static boolean isObject(String tag) {
        return HASHED.matcher(tag).matches() || findKey(tag).isPresent();
    }

    /** The key that a tag names; empty if it names none. */
    static Optional<ObjectKey> findKey(String tag) {
        return tag.startsWith("K") ? key(tag.substring(1)) : Optional.empty();
    }

    /** The tag that tells length and time; empty if the key is too long. */
    static Optional<String> infoOf(ObjectInfo info) {
        if (info.key().value().length() > MAX_KEY) {
            return Optional.empty();
        }
        String time = Long.toString(Math.max(0, info.lastModified().toEpochMilli()), RADIX);
        return Optional.of("I" + text(info.key()) + "L" + Long.toString(info.length(), RADIX) + "T" + time);
    }

    /** Whether a tag tells of an object that may be this one. */
    static boolean isInfoOf(ObjectKey key, String tag) {
        return findInfo(tag).map(ObjectInfo::key).equals(Optional.of(key));
    }

    /** What a tag tells of an object; empty if it tells nothing. */
    static Optional<ObjectInfo> findInfo(String tag) {
        Matcher parts = INFO.matcher(tag);
        if (!parts.matches()) {
            return Optional.empty();
        }
        try {
            long length = Long.parseLong(parts.group(2), RADIX);
            Instant time = Instant.ofEpochMilli(Long.parseLong(parts.group(3), RADIX));
            return key(parts.group(1)).map(key -> new ObjectInfo(key, length, time));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }
}
