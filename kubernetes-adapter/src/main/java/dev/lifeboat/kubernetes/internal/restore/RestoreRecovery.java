package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.Discovery;
import dev.lifeboat.kubernetes.internal.client.ObjectLists;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Undoes restores whose process was killed: deletes the namespaces and other objects of the cluster that they had
 * created. Of a restore that has no namespace with its mark, nothing is deleted: it had succeeded, or has created no
 * namespace, and what is left of it harms no one.
 */
public final class RestoreRecovery {
    private static final Logger log = LoggerFactory.getLogger(RestoreRecovery.class);

    private RestoreRecovery() {}

    /**
     * Undoes them: namespaces first, since what they have may use the rest. Kinds that may not be listed are left out.
     *
     * @param gone whether a process is gone, by its token
     * @return what was deleted
     */
    public static List<String> run(ApiClient client, Predicate<String> gone) throws IOException {
        List<String> removed = new ArrayList<>();
        Discovery discovery = Discovery.of(client);
        Set<String> unfinished = new HashSet<>();
        for (String key : RestoreOrder.undone()) {
            Optional<ResourceType> type = discovery.find(key);
            if (type.isEmpty()) {
                continue;
            }
            for (KubernetesObject object : abandoned(client, type.get(), gone)) {
                String mark = object.annotations().getOrDefault(RestoreExecutor.RESTORING, "");
                if (key.equals("namespaces")) {
                    unfinished.add(mark);
                }
                ObjectName name = new ObjectName(key, Optional.empty(), object.name());
                if (!unfinished.contains(mark)) {
                    RestoreExecutor.unmark(client, type.get(), object.name());
                } else if (RestoreExecutor.delete(client, discovery, type.get(), name, object.uid())) {
                    removed.add(name.toString());
                }
            }
        }
        return removed;
    }

    /** A mark is the process, a dot, and the restore. */
    private static boolean isGone(String mark, Predicate<String> gone) {
        int dot = mark.lastIndexOf('.');
        return dot > 0 && gone.test(mark.substring(0, dot));
    }

    private static List<KubernetesObject> abandoned(ApiClient client, ResourceType type, Predicate<String> gone)
            throws IOException {
        List<KubernetesObject> abandoned = new ArrayList<>();
        try {
            ObjectLists.list(client, type, Optional.empty(), Optional.empty(), new ObjectLists.Visitor() {
                @Override
                public void restart() {
                    abandoned.clear();
                }

                @Override
                public void visit(KubernetesObject object) throws IOException {
                    String process = object.annotations().get(RestoreExecutor.RESTORING);
                    if (process != null && isGone(process, gone)) {
                        abandoned.add(object);
                    }
                }
            });
        } catch (KubernetesException e) {
            if (e.kind() != Kind.FORBIDDEN) {
                throw e;
            }
            log.debug("what killed restores have left is not looked for [kind={}]", type.key());
        }
        return abandoned;
    }
}
