package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.internal.process.ProcessIdentity;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.Discovery;
import dev.lifeboat.kubernetes.internal.client.ObjectLists;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Deletes namespaces and other objects of the cluster that a restore had created whose process was killed. */
public final class RestoreRecovery {
    private RestoreRecovery() {}

    /**
     * Deletes them.
     *
     * @return what was deleted
     */
    public static List<String> run(ApiClient client) throws IOException {
        List<String> removed = new ArrayList<>();
        for (ResourceType type : Discovery.of(client).types()) {
            boolean restored = !type.namespaced() && type.verbs().containsAll(List.of("list", "create", "delete"));
            if (!restored) {
                continue;
            }
            List<KubernetesObject> abandoned = new ArrayList<>();
            ObjectLists.list(client, type, Optional.empty(), Optional.empty(), new ObjectLists.Visitor() {
                @Override
                public void restart() {
                    abandoned.clear();
                }

                @Override
                public void visit(KubernetesObject object) throws IOException {
                    String process = object.annotations().get(RestoreExecutor.RESTORING);
                    if (process != null && ProcessIdentity.isGone(process)) {
                        abandoned.add(object);
                    }
                }
            });
            for (KubernetesObject object : abandoned) {
                ObjectName name = new ObjectName(type.key(), Optional.empty(), object.name());
                RestoreExecutor.delete(client, type, name, object.uid());
                removed.add(name.toString());
            }
        }
        return removed;
    }
}
