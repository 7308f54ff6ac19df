package dev.lifeboat.kubernetes.internal.model;

import dev.lifeboat.internal.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * JSON as Go's {@code encoding/json} writes a map: on one line, members in the order of their names. The signs
 * {@code <}, {@code >}, {@code &} and the two line separators of Unicode are escaped, but no others: what is applied is
 * read as YAML, which does not know escapes of surrogates.
 */
public final class GoJson {
    private final StringBuilder out = new StringBuilder();

    private GoJson() {}

    /** Encodes a map, list, text, number, boolean or null as UTF-8. */
    public static byte[] encode(@Nullable Object value) {
        GoJson json = new GoJson();
        json.value(value);
        return json.out.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void value(@Nullable Object value) {
        if (value instanceof JsonObject object) {
            object(object.members());
        } else if (value instanceof Map<?, ?> map) {
            object(map);
        } else if (value instanceof List<?> list) {
            String before = "[";
            for (Object item : list) {
                out.append(before);
                value(item);
                before = ",";
            }
            out.append(list.isEmpty() ? "[]" : "]");
        } else if (value instanceof String text) {
            text(text);
        } else {
            out.append(value);
        }
    }

    private void object(Map<?, ?> map) {
        SortedMap<String, @Nullable Object> sorted = new TreeMap<>((a, b) ->
                Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8)));
        map.forEach((name, member) -> sorted.put(String.valueOf(name), member));
        String before = "{";
        for (Map.Entry<String, @Nullable Object> member : sorted.entrySet()) {
            out.append(before);
            text(member.getKey());
            out.append(':');
            value(member.getValue());
            before = ",";
        }
        out.append(sorted.isEmpty() ? "{}" : "}");
    }

    private void text(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < ' ' || c == '<' || c == '>' || c == '&' || c == '\u2028' || c == '\u2029') {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
