package dev.lifeboat.kubernetes.internal.capture;

import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.process.ProcessIdentity;
import dev.lifeboat.kubernetes.cluster.ClusterInfo;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.layout.ObjectSpool;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.quiesce.ClusterQuiesce;
import dev.lifeboat.kubernetes.internal.quiesce.ClusterRecovery;
import dev.lifeboat.kubernetes.internal.transfer.AbandonedHelpers;
import dev.lifeboat.kubernetes.quiesce.PodQuiesce;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Captures a scope of a cluster: objects, documents about the capture, files of volumes. */
public final class ClusterCapture {
    private static final Logger log = LoggerFactory.getLogger(ClusterCapture.class);

    private final ApiClient client;
    private final QuiesceJournal journal;
    private final CaptureScope scope;
    private final PodQuiesce how;

    public ClusterCapture(ApiClient client, QuiesceJournal journal, CaptureScope scope, PodQuiesce how) {
        this.client = client;
        this.journal = journal;
        this.scope = scope;
        this.how = how;
    }

    /**
     * Sends all of it.
     *
     * @param holder receives what resumes the application
     */
    public void sendTo(EntrySink to, QuiesceHandle.Holder holder) throws IOException {
        if (how != PodQuiesce.none()) {
            recover();
        }
        if (scope.isWholeCluster()) {
            AbandonedHelpers.remove(client, Optional.empty(), ProcessIdentity::isGoneOfThisBoot);
        }
        for (String namespace : scope.namespaces()) {
            AbandonedHelpers.remove(client, Optional.of(namespace), ProcessIdentity::isGoneOfThisBoot);
        }
        FidelityRecorder sink = new FidelityRecorder(to);
        ClusterInfo info = client.info();
        References references;
        int objects;
        try (ObjectSpool spool = new ObjectSpool()) {
            ObjectCapture capture = new ObjectCapture(client, scope, sink, spool);
            references = capture.run();
            spool.sendTo(sink);
            objects = spool.size();
        }
        sink.offerDocuments();
        Map<Claim, KubernetesObject> claims = new TreeMap<>(references.claims());
        claims.keySet().removeIf(claim -> !scope.takesFilesOf(claim));
        Set<String> namespaces = new TreeSet<>(scope.namespaces());
        claims.keySet().forEach(claim -> namespaces.add(claim.namespace()));
        sink.note(ClusterLayout.VOLUMES, "quiesced: " + how);
        ClusterQuiesce quiesce = ClusterQuiesce.quiesce(client, journal, how, namespaces, claims.keySet(), sink);
        holder.hold(quiesce.handle());
        List<String> volumes = new VolumesCapture(client, scope, sink, references.images()).run(claims, () -> {
            quiesce.check();
            holder.resume();
        });
        quiesce.check();
        sink.sendDocuments(JsonObject.create()
                .put("lifeboat", "application")
                .put("version", 1)
                .put("kind", "kubernetes")
                .put("server", info.server())
                .put("serverVersion", info.version())
                .put("namespaces", List.copyOf(scope.namespaces()))
                .put("objects", objects)
                .put("volumes", volumes));
    }

    /** What was left may be about other namespaces; if it is about these, they are refused later. */
    private void recover() {
        try {
            ClusterRecovery.run(client, journal, scope.namespaces(), ProcessIdentity::isGoneOfThisBoot);
        } catch (IOException e) {
            log.warn("what a backup that was killed has left is not resumed [cause={}]", e.toString());
        }
    }
}
