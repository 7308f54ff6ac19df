package dev.lifeboat.format.tar;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.DeviceNumber;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.json.JsonObject;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One line of an entry list; docs/FORMAT.md, section 5. */
final class EntryJson {
    private EntryJson() {}

    static byte[] write(StoredEntry stored) {
        Entry entry = stored.entry();
        Attributes attributes = entry.attributes();
        JsonObject json = JsonObject.create()
                .put("path", entry.path().toString())
                .put("type", entry.type().name().toLowerCase(Locale.ROOT));
        if (entry.size().isPresent()) {
            json.put("size", entry.size().getAsLong());
        }
        json.put("mode", Integer.toOctalString(attributes.mode()))
                .put("uid", attributes.uid())
                .put("gid", attributes.gid())
                .put(
                        "mtime",
                        List.of(
                                attributes.modified().getEpochSecond(),
                                attributes.modified().getNano()))
                .put("link", entry.link().map(ByteString::toString))
                .put("device", entry.device().map(d -> List.of(d.major(), d.minor())))
                .put("fingerprint", entry.fingerprint());
        if (!attributes.xattrs().isEmpty()) {
            Map<String, @Nullable Object> xattrs = new LinkedHashMap<>();
            attributes
                    .xattrs()
                    .forEach((name, value) ->
                            xattrs.put(name.toString(), Base64.getEncoder().encodeToString(value.toByteArray())));
            json.put("xattrs", xattrs);
        }
        stored.location().ifPresent(at -> {
            json.put("in", at.archive()).put("at", at.offset()).put("stored", at.length());
            if (at.sparse()) {
                json.put("sparse", true);
            }
            json.put("sha256", at.sha256());
        });
        return json.toBytes();
    }

    static StoredEntry read(byte[] line, String label) throws DamagedException {
        JsonObject json = JsonObject.parse(line, label);
        try {
            EntryType type = EntryType.valueOf(json.string("type").toUpperCase(Locale.ROOT));
            long[] device = json.sizes("device");
            Entry entry = new Entry(
                    EntryPath.parse(json.string("path")),
                    type,
                    json.has("size") ? OptionalLong.of(json.size("size")) : OptionalLong.empty(),
                    attributes(json),
                    json.optionalString("link").map(ByteString::parse),
                    device.length == 2 ? Optional.of(new DeviceNumber(device[0], device[1])) : Optional.empty(),
                    json.optionalString("fingerprint"));
            Optional<Location> location = json.has("in")
                    ? Optional.of(new Location(
                            json.string("in"),
                            json.size("at"),
                            json.size("stored"),
                            json.flag("sparse"),
                            json.string("sha256")))
                    : Optional.empty();
            if (location.isPresent() != entry.isFile()
                    || entry.isFile() && entry.size().isEmpty()) {
                throw new DamagedException(label + ": the content location does not fit a " + type);
            }
            return new StoredEntry(entry, location);
        } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
            throw new DamagedException(label + " is damaged: " + e.getMessage(), e);
        }
    }

    private static Attributes attributes(JsonObject json) throws DamagedException {
        SortedMap<ByteString, ByteString> xattrs = new TreeMap<>();
        for (Map.Entry<String, String> xattr : json.stringMap("xattrs").entrySet()) {
            xattrs.put(
                    ByteString.parse(xattr.getKey()),
                    ByteString.of(Base64.getDecoder().decode(xattr.getValue())));
        }
        List<@Nullable Object> time = json.list("mtime");
        if (time.size() != 2 || !(time.get(0) instanceof Number seconds) || !(time.get(1) instanceof Number nanos)) {
            throw new DamagedException(json + " has no time of modification");
        }
        return new Attributes(
                Integer.parseInt(json.string("mode"), 8),
                json.size("uid"),
                json.size("gid"),
                Instant.ofEpochSecond(seconds.longValue(), nanos.longValue()),
                xattrs);
    }
}
