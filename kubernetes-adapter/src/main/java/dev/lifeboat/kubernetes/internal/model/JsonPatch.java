package dev.lifeboat.kubernetes.internal.model;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A JSON patch (RFC 6902): operations that are all done, or none. Immutable. */
public final class JsonPatch {
    private static final Set<String> WITH_VALUE = Set.of("add", "replace", "test");
    private static final Set<String> WITH_FROM = Set.of("move", "copy");

    private final List<Operation> operations;

    private record Operation(
            String op,
            List<String> path,
            List<String> from,
            @Nullable Object value,
            String text) {}

    /** Thrown if a patch does not fit an object; it is unchanged then. */
    public static final class MismatchException extends Exception {
        private static final long serialVersionUID = 1;

        MismatchException(String message) {
            super(message);
        }
    }

    private JsonPatch(List<Operation> operations) {
        this.operations = operations;
    }

    /**
     * Parses a patch.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static JsonPatch parse(String json) {
        List<Operation> operations = new ArrayList<>();
        try {
            byte[] whole = ("{\"patch\":" + json + "}").getBytes(StandardCharsets.UTF_8);
            for (JsonObject operation : JsonObject.parse(whole, "the patch").objects("patch")) {
                operations.add(operation(operation));
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("not a JSON patch (RFC 6902): " + e.getMessage(), e);
        }
        return new JsonPatch(List.copyOf(operations));
    }

    private static Operation operation(JsonObject operation) throws IOException {
        String op = operation.string("op");
        boolean value = WITH_VALUE.contains(op);
        boolean from = WITH_FROM.contains(op);
        if (!value && !from && !op.equals("remove")) {
            throw new IOException("there is no operation '" + op + "'");
        }
        if (value && !operation.members().containsKey("value")) {
            throw new IOException("operation '" + op + "' has no value");
        }
        String path = operation.string("path");
        return new Operation(
                op,
                pointer(path),
                from ? pointer(operation.string("from")) : List.of(),
                operation.members().get("value"),
                op + " " + path);
    }

    /** A JSON pointer (RFC 6901). */
    private static List<String> pointer(String text) throws IOException {
        if (text.isEmpty()) {
            return List.of();
        }
        if (!text.startsWith("/")) {
            throw new IOException("'" + text + "' is no JSON pointer: it does not begin with a slash");
        }
        List<String> tokens = new ArrayList<>();
        for (String token : text.substring(1).split("/", -1)) {
            tokens.add(token.replace("~1", "/").replace("~0", "~"));
        }
        return tokens;
    }

    /**
     * Returns a changed copy of an object.
     *
     * @throws MismatchException if an operation does not fit, or a test does not hold
     */
    public JsonObject apply(JsonObject object) throws MismatchException {
        Object root = copy(object.members());
        for (Operation operation : operations) {
            root = apply(operation, root);
        }
        if (!(root instanceof Map<?, ?> map)) {
            throw new MismatchException("the result is no object");
        }
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        map.forEach((name, value) -> members.put(String.valueOf(name), value));
        return JsonObject.of(members, object.toString());
    }

    private static @Nullable Object apply(Operation operation, @Nullable Object root) throws MismatchException {
        try {
            switch (operation.op()) {
                case "test" -> {
                    if (!Objects.equals(get(root, operation.path()), operation.value())) {
                        throw new MismatchException("the test does not hold");
                    }
                    return root;
                }
                case "remove" -> {
                    return remove(root, operation.path());
                }
                case "replace" -> {
                    var unused = get(root, operation.path());
                    return set(root, operation.path(), copy(operation.value()), true);
                }
                case "add" -> {
                    return set(root, operation.path(), copy(operation.value()), false);
                }
                case "copy" -> {
                    return set(root, operation.path(), copy(get(root, operation.from())), false);
                }
                default -> {
                    Object moved = get(root, operation.from());
                    return set(remove(root, operation.from()), operation.path(), moved, false);
                }
            }
        } catch (MismatchException e) {
            throw new MismatchException("operation '" + operation.text() + "': " + e.getMessage());
        }
    }

    private static @Nullable Object get(@Nullable Object root, List<String> path) throws MismatchException {
        Object at = root;
        for (String token : path) {
            if (at instanceof Map<?, ?> map && map.containsKey(token)) {
                at = map.get(token);
            } else if (at instanceof List<?> list) {
                at = list.get(index(token, list.size() - 1));
            } else {
                throw new MismatchException("there is no '" + token + "'");
            }
        }
        return at;
    }

    private static int index(String token, int max) throws MismatchException {
        if (!token.matches("0|[1-9][0-9]{0,8}") || Integer.parseInt(token) > max) {
            throw new MismatchException("there is no item '" + token + "'");
        }
        return Integer.parseInt(token);
    }

    @SuppressWarnings("unchecked") // Copies of ours have such members.
    private static @Nullable Object set(
            @Nullable Object root, List<String> path, @Nullable Object value, boolean replace)
            throws MismatchException {
        if (path.isEmpty()) {
            return value;
        }
        String last = path.get(path.size() - 1);
        Object parent = get(root, path.subList(0, path.size() - 1));
        if (parent instanceof Map) {
            ((Map<String, @Nullable Object>) parent).put(last, value);
        } else if (parent instanceof List) {
            List<@Nullable Object> list = (List<@Nullable Object>) parent;
            if (replace) {
                list.set(index(last, list.size() - 1), value);
            } else {
                list.add(last.equals("-") ? list.size() : index(last, list.size()), value);
            }
        } else {
            throw new MismatchException("what '" + last + "' is to be in has no members");
        }
        return root;
    }

    private static @Nullable Object remove(@Nullable Object root, List<String> path) throws MismatchException {
        var unused = get(root, path);
        if (path.isEmpty()) {
            return null;
        }
        String last = path.get(path.size() - 1);
        Object parent = get(root, path.subList(0, path.size() - 1));
        if (parent instanceof Map<?, ?> map) {
            map.remove(last);
        } else if (parent instanceof List<?> list) {
            list.remove(index(last, list.size() - 1));
        }
        return root;
    }

    /** Copies a value with all that it has. */
    public static @Nullable Object copy(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> members = new LinkedHashMap<>();
            map.forEach((name, member) -> members.put(String.valueOf(name), copy(member)));
            return members;
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> items = new ArrayList<>();
            list.forEach(item -> items.add(copy(item)));
            return items;
        }
        return value;
    }
}
