import org.jspecify.annotations.NullMarked;

/** Images of OCI registries as sources and as restore targets, and the layout of images in a snapshot. */
@NullMarked
module dev.lifeboat.oci {
    exports dev.lifeboat.oci;
    exports dev.lifeboat.oci.registry;
    exports dev.lifeboat.oci.internal.image to
            dev.lifeboat.docker;

    requires java.net.http;
    requires transitive dev.lifeboat.core;
    requires org.slf4j;
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;
}
