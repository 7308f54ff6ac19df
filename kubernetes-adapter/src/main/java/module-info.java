import org.jspecify.annotations.NullMarked;

/** Namespaces of a Kubernetes cluster as sources and as restore targets, and backups of Velero. */
@NullMarked
module dev.lifeboat.kubernetes {
    exports dev.lifeboat.kubernetes;
    exports dev.lifeboat.kubernetes.cluster;
    exports dev.lifeboat.kubernetes.plan;
    exports dev.lifeboat.kubernetes.quiesce;
    exports dev.lifeboat.kubernetes.velero;

    requires java.net.http;
    requires transitive dev.lifeboat.core;
    requires transitive kubernetes.client.api;
    requires org.slf4j;
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;
}
