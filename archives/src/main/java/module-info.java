import dev.lifeboat.archives.internal.Bzip2Compression;
import dev.lifeboat.archives.internal.Lz4Compression;
import dev.lifeboat.archives.internal.UnixCompression;
import dev.lifeboat.archives.internal.XzCompression;
import dev.lifeboat.format.tar.TarCompression;
import org.jspecify.annotations.NullMarked;

/** Archives of other programs as sources and as exports: tar in more compressions, and zip. */
@NullMarked
module dev.lifeboat.archives {
    exports dev.lifeboat.archives;

    requires transitive dev.lifeboat.core;
    requires org.apache.commons.compress;
    requires org.apache.commons.io;
    requires org.tukaani.xz;
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;

    provides TarCompression with
            Bzip2Compression,
            Lz4Compression,
            UnixCompression,
            XzCompression;
}
