import org.jspecify.annotations.NullMarked;

/** Storage in a directory. */
@NullMarked
module dev.lifeboat.storage.fs {
    exports dev.lifeboat.storage.fs;

    requires transitive dev.lifeboat.core;
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;
}
