package dev.lifeboat.internal.json;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.lifeboat.format.DamagedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object whose members are read by name and type. A missing member, or one of another type, is reported as
 * damage, with the name of the object. Keeps the order of members. Not thread-safe while it is modified.
 */
public final class JsonObject {
    private static final JSON MAPPER =
            JSON.std.with(JSON.Feature.PRESERVE_FIELD_ORDERING).with(JSON.Feature.FAIL_ON_DUPLICATE_MAP_KEYS);

    private final Map<String, @Nullable Object> members;
    private final String label;

    private JsonObject(Map<String, @Nullable Object> members, String label) {
        this.members = members;
        this.label = label;
    }

    /** Returns an empty object. */
    public static JsonObject create() {
        return new JsonObject(new LinkedHashMap<>(), "new");
    }

    /** Wraps members. Changes write through. */
    public static JsonObject of(Map<String, @Nullable Object> members, String label) {
        return new JsonObject(members, label);
    }

    /**
     * Parses an object.
     *
     * @param label names the object in messages
     * @throws DamagedException if it is not a JSON object
     */
    public static JsonObject parse(byte[] json, String label) throws DamagedException {
        try {
            Map<String, @Nullable Object> members = MAPPER.mapFrom(json);
            if (members == null) {
                throw new DamagedException(label + " is not a JSON object but null");
            }
            return new JsonObject(members, label);
        } catch (DamagedException e) {
            throw e;
        } catch (IOException e) {
            throw new DamagedException(label + " is not a JSON object: " + e.getMessage(), e);
        }
    }

    /** Sets a member: text, number, boolean, list or map of these, or another object. */
    public JsonObject put(String name, @Nullable Object value) {
        members.put(name, value instanceof JsonObject o ? o.members : value);
        return this;
    }

    /** Sets a member if there is a value. */
    public JsonObject put(String name, Optional<?> value) {
        value.ifPresent(v -> put(name, v));
        return this;
    }

    /** Returns a copy whose members can be changed without changing this object. Nested members are shared. */
    public JsonObject copy() {
        return of(new LinkedHashMap<>(members), label);
    }

    /** Removes a member. */
    public JsonObject remove(String name) {
        members.remove(name);
        return this;
    }

    /** Returns whether there is a member of that name that is not null. */
    public boolean has(String name) {
        return members.get(name) != null;
    }

    /** Returns the members in order, not copied. */
    public Map<String, @Nullable Object> members() {
        return members;
    }

    /** Returns a text. */
    public String string(String name) throws DamagedException {
        return typed(name, String.class);
    }

    /** Returns a text, if there is one. */
    public Optional<String> optionalString(String name) throws DamagedException {
        return has(name) ? Optional.of(string(name)) : Optional.empty();
    }

    /** Returns an integer of 0 or more. */
    public long size(String name) throws DamagedException {
        long value = number(name);
        if (value < 0) {
            throw new DamagedException(label + ": " + name + " is negative: " + value);
        }
        return value;
    }

    /** Returns an integer. */
    public long number(String name) throws DamagedException {
        return asLong(typed(name, Number.class), name);
    }

    private long asLong(Number value, String name) throws DamagedException {
        if (value instanceof Integer || value instanceof Long) {
            return value.longValue();
        }
        throw new DamagedException(label + ": " + name + " is not a 64-bit integer: " + value);
    }

    /** Returns a boolean; false if there is none. */
    public boolean flag(String name) throws DamagedException {
        return has(name) && typed(name, Boolean.class);
    }

    /** Returns an object. */
    @SuppressWarnings("unchecked")
    public JsonObject object(String name) throws DamagedException {
        return new JsonObject((Map<String, @Nullable Object>) typed(name, Map.class), label + "." + name);
    }

    /** Returns an object; an empty one, not linked to this object, if there is none. */
    public JsonObject objectOrEmpty(String name) throws DamagedException {
        return has(name) ? object(name) : new JsonObject(new LinkedHashMap<>(), label + "." + name);
    }

    /** Returns an object; an empty one, not linked to this object, if there is none, or something else. */
    public JsonObject objectOrEmptyIfOther(String name) throws DamagedException {
        return members.get(name) instanceof Map ? object(name) : of(new LinkedHashMap<>(), label + "." + name);
    }

    /** Returns a list; empty if there is none. */
    @SuppressWarnings("unchecked")
    public List<@Nullable Object> list(String name) throws DamagedException {
        return has(name) ? (List<@Nullable Object>) typed(name, List.class) : List.of();
    }

    /** Returns a list of objects; empty if there is none. */
    @SuppressWarnings("unchecked")
    public List<JsonObject> objects(String name) throws DamagedException {
        List<JsonObject> objects = new ArrayList<>();
        for (Object item : list(name)) {
            if (!(item instanceof Map)) {
                throw new DamagedException(label + ": " + name + " holds an item that is not an object: " + item);
            }
            objects.add(new JsonObject((Map<String, @Nullable Object>) item, label + "." + name));
        }
        return objects;
    }

    /** Returns a list of texts; empty if there is none. */
    public List<String> strings(String name) throws DamagedException {
        List<String> strings = new ArrayList<>();
        for (Object item : list(name)) {
            if (!(item instanceof String text)) {
                throw new DamagedException(label + ": " + name + " holds an item that is not a text: " + item);
            }
            strings.add(text);
        }
        return strings;
    }

    /** Returns a list of integers of 0 or more. */
    public long[] sizes(String name) throws DamagedException {
        List<@Nullable Object> items = list(name);
        long[] sizes = new long[items.size()];
        for (int i = 0; i < sizes.length; i++) {
            if (!(items.get(i) instanceof Number number) || asLong(number, name) < 0) {
                throw new DamagedException(label + ": " + name + " holds an item that is not a size: " + items.get(i));
            }
            sizes[i] = number.longValue();
        }
        return sizes;
    }

    /** Returns a map of texts; empty if there is none. */
    public Map<String, String> stringMap(String name) throws DamagedException {
        Map<String, String> map = new LinkedHashMap<>();
        for (Map.Entry<String, @Nullable Object> member :
                objectOrEmpty(name).members.entrySet()) {
            if (!(member.getValue() instanceof String text)) {
                throw new DamagedException(label + "." + name + ": " + member.getKey() + " is not a text");
            }
            map.put(member.getKey(), text);
        }
        return map;
    }

    private <T> T typed(String name, Class<T> type) throws DamagedException {
        Object value = members.get(name);
        if (value == null) {
            throw new DamagedException(label + " has no member '" + name + "'");
        }
        if (!type.isInstance(value)) {
            throw new DamagedException(label + ": " + name + " is not a " + type.getSimpleName());
        }
        return type.cast(value);
    }

    /** Encodes the object with indentation, UTF-8, with a line end, and with members that are null. */
    public byte[] toPrettyBytesWithNulls() {
        return pretty(MAPPER.with(JSON.Feature.WRITE_NULL_PROPERTIES));
    }

    /** Encodes the object on one line, UTF-8. Members that are null are left out. */
    public byte[] toBytes() {
        return write(MAPPER);
    }

    /** Encodes the object with indentation, UTF-8, with a line end. Members that are null are left out. */
    public byte[] toPrettyBytes() {
        return pretty(MAPPER);
    }

    private byte[] pretty(JSON mapper) {
        byte[] json = write(mapper.with(JSON.Feature.PRETTY_PRINT_OUTPUT));
        byte[] line = java.util.Arrays.copyOf(json, json.length + 1);
        line[json.length] = '\n';
        return line;
    }

    private byte[] write(JSON mapper) {
        try {
            return mapper.asBytes(members);
        } catch (IOException e) {
            throw new UncheckedIOException("in memory", e);
        }
    }

    @Override
    public String toString() {
        return label;
    }
}
