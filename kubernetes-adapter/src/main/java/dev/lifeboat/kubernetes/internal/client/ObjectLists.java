package dev.lifeboat.kubernetes.internal.client;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonItems;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import java.io.IOException;
import java.util.Optional;

/** Lists objects, page by page. */
public final class ObjectLists {
    /** As client-go has it for listings in the background. */
    private static final int PAGE = 500;

    private ObjectLists() {}

    /** Receives the objects of a list. */
    public interface Visitor {
        /** Forgets all objects: the list is read again from its beginning. */
        void restart() throws IOException;

        /** Receives the next object. */
        void visit(KubernetesObject object) throws IOException;
    }

    /** How often a list is tried whose server does not answer. */
    private static final int ATTEMPTS = 3;

    /**
     * Lists the objects of a kind. If the state expires with which the list has begun, or the server does not answer
     * for a moment, it is read again as a whole.
     *
     * @param namespace empty for all
     * @param selector of labels; empty for all
     */
    public static void list(
            ApiClient client, ResourceType type, Optional<String> namespace, Optional<String> selector, Visitor visitor)
            throws IOException {
        int page = PAGE;
        for (int attempt = 1; ; attempt++) {
            try {
                list(client, type, namespace, selector, page, visitor);
                return;
            } catch (KubernetesException e) {
                boolean again = e.kind() == Kind.EXPIRED || e.kind() == Kind.UNREACHABLE;
                if (!again || attempt == ATTEMPTS) {
                    throw e;
                }
                if (e.kind() == Kind.EXPIRED) {
                    page = 0;
                } else {
                    Io.sleep(500L * attempt);
                }
                visitor.restart();
            }
        }
    }

    private static void list(
            ApiClient client,
            ResourceType type,
            Optional<String> namespace,
            Optional<String> selector,
            int page,
            Visitor visitor)
            throws IOException {
        String path = type.path(namespace) + "?limit=" + page
                + selector.map(labels -> "&labelSelector=" + ApiClient.encode(labels))
                        .orElse("");
        String what = "list " + type.key()
                + namespace.map(name -> " of namespace " + name).orElse("");
        String more = "";
        do {
            String next = more.isEmpty() ? path : path + "&continue=" + ApiClient.encode(more);
            JsonObject rest = client.read(
                    next,
                    what,
                    in -> JsonItems.read(in, "the answer to: " + what, "items", item -> {
                        try {
                            visitor.visit(typed(type, item));
                        } catch (IOException e) {
                            throw new ApiClient.Passed(e);
                        }
                    }));
            more = rest.objectOrEmpty("metadata").optionalString("continue").orElse("");
        } while (!more.isEmpty());
    }

    /** Objects in a list come without their version and kind. */
    private static KubernetesObject typed(ResourceType type, JsonObject item) {
        JsonObject whole =
                JsonObject.create().put("apiVersion", type.apiVersion()).put("kind", type.kind());
        whole.members().putAll(item.members());
        return KubernetesObject.of(whole);
    }

    /** Returns the path of an object. */
    public static String path(ResourceType type, Optional<String> namespace, String name) {
        return type.path(namespace) + "/" + ApiClient.encode(name);
    }
}
