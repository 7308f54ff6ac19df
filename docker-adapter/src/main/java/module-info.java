import org.jspecify.annotations.NullMarked;

/** Containers, images and volumes of a Docker Engine as sources and as restore targets. */
@NullMarked
module dev.lifeboat.docker {
    exports dev.lifeboat.docker;
    exports dev.lifeboat.docker.drill;
    exports dev.lifeboat.docker.engine;
    exports dev.lifeboat.docker.fixture;
    exports dev.lifeboat.docker.plan;
    exports dev.lifeboat.docker.quiesce;

    requires transitive com.github.dockerjava.api;
    requires transitive com.github.dockerjava.core;
    requires transitive com.github.dockerjava.transport;
    requires com.github.dockerjava.transport.httpclient5;
    requires com.github.luben.zstd_jni;
    requires transitive dev.lifeboat.core;
    requires transitive dev.lifeboat.oci;
    requires org.slf4j;
    requires static com.google.errorprone.annotations;
    requires static dev.lifeboat.automation;
    requires static transitive org.jspecify;
}
