import org.jspecify.annotations.NullMarked;

/** The core of Lifeboat: repositories, operations, the strategy interfaces, the archive formats, and directories. */
@NullMarked
module dev.lifeboat.core {
    exports dev.lifeboat;
    exports dev.lifeboat.directory;
    exports dev.lifeboat.entry;
    exports dev.lifeboat.event;
    exports dev.lifeboat.format;
    exports dev.lifeboat.format.chunked;
    exports dev.lifeboat.format.tar;
    exports dev.lifeboat.quiesce;
    exports dev.lifeboat.snapshot;
    exports dev.lifeboat.storage;
    exports dev.lifeboat.internal.checkpoint to
            dev.lifeboat.docker;
    exports dev.lifeboat.internal.document to
            dev.lifeboat.docker,
            dev.lifeboat.kubernetes,
            dev.lifeboat.oci;
    exports dev.lifeboat.internal.io to
            dev.lifeboat.archives,
            dev.lifeboat.docker,
            dev.lifeboat.kubernetes,
            dev.lifeboat.oci;
    exports dev.lifeboat.internal.json to
            dev.lifeboat.automation,
            dev.lifeboat.docker,
            dev.lifeboat.kubernetes,
            dev.lifeboat.oci;
    exports dev.lifeboat.internal.layout to
            dev.lifeboat.kubernetes;
    exports dev.lifeboat.internal.process to
            dev.lifeboat.automation,
            dev.lifeboat.docker,
            dev.lifeboat.kubernetes,
            dev.lifeboat.oci;
    exports dev.lifeboat.internal.tar to
            dev.lifeboat.docker,
            dev.lifeboat.kubernetes,
            dev.lifeboat.oci;

    requires com.fasterxml.jackson.jr.ob;
    requires com.github.luben.zstd_jni;
    requires com.sun.jna;
    requires de.mkammerer.argon2;
    requires de.mkammerer.argon2.nolibs;
    requires org.bouncycastle.provider;
    requires org.slf4j;
    requires static com.google.errorprone.annotations;
    requires static jdk.jfr;
    requires static transitive org.jspecify;

    uses dev.lifeboat.format.tar.TarCompression;
}
