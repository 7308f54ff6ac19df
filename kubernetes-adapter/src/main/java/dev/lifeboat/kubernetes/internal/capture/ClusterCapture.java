package dev.lifeboat.kubernetes.internal.capture;

import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.process.ProcessIdentity;
import dev.lifeboat.kubernetes.cluster.ClusterInfo;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.layout.ObjectSpool;
import dev.lifeboat.kubernetes.internal.transfer.HelperPod;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Captures a scope of a cluster: objects, documents about the capture, files of volumes. */
public final class ClusterCapture {
    private final ApiClient client;
    private final CaptureScope scope;

    public ClusterCapture(ApiClient client, CaptureScope scope) {
        this.client = client;
        this.scope = scope;
    }

    /** Sends all of it. */
    public void sendTo(EntrySink to) throws IOException {
        for (String namespace : scope.namespaces()) {
            HelperPod.removeAbandoned(client, Optional.of(namespace), ProcessIdentity::isGoneOfThisBoot);
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
        new VolumesCapture(client, scope, sink, references.images()).run(references.claims());
        sink.sendDocuments(JsonObject.create()
                .put("lifeboat", "application")
                .put("version", 1)
                .put("kind", "kubernetes")
                .put("server", info.server())
                .put("serverVersion", info.version())
                .put("namespaces", List.copyOf(scope.namespaces()))
                .put("objects", objects));
    }
}
