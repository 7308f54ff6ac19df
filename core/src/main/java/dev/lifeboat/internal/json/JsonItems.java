package dev.lifeboat.internal.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.lifeboat.format.DamagedException;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads a long JSON object one of whose members is a list of objects, item by item. */
public final class JsonItems {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final JSON MAPPER =
            JSON.std.with(JSON.Feature.PRESERVE_FIELD_ORDERING).with(JSON.Feature.FAIL_ON_DUPLICATE_MAP_KEYS);

    private JsonItems() {}

    /** Receives the items. */
    @FunctionalInterface
    public interface Visitor {
        /** Receives the next item. */
        void visit(JsonObject item) throws IOException;
    }

    /**
     * Reads an object.
     *
     * @param in is not closed
     * @param label names the object in messages
     * @param list name of the member whose items are visited; may be null in the object, or missing
     * @return the other members
     * @throws DamagedException if it is not such an object
     */
    public static JsonObject read(InputStream in, String label, String list, Visitor visitor) throws IOException {
        Map<String, @Nullable Object> rest = new LinkedHashMap<>();
        try (JsonParser parser = FACTORY.createParser(in).disable(JsonParser.Feature.AUTO_CLOSE_SOURCE)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new DamagedException(label + " is not a JSON object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (name.equals(list) && value == JsonToken.START_ARRAY) {
                    items(parser, label, visitor);
                } else {
                    rest.put(name, MAPPER.anyFrom(parser));
                }
            }
            if (parser.currentToken() != JsonToken.END_OBJECT) {
                throw new DamagedException(label + " ends early");
            }
        } catch (com.fasterxml.jackson.core.JacksonException e) {
            throw new DamagedException(label + " is not a JSON object: " + e.getOriginalMessage(), e);
        }
        return JsonObject.of(rest, label);
    }

    private static void items(JsonParser parser, String label, Visitor visitor) throws IOException {
        while (parser.nextToken() == JsonToken.START_OBJECT) {
            visitor.visit(JsonObject.of(MAPPER.mapFrom(parser), label));
        }
        if (parser.currentToken() != JsonToken.END_ARRAY) {
            throw new DamagedException(label + " holds an item that is not an object");
        }
    }
}
