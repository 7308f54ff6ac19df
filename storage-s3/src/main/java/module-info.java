import org.jspecify.annotations.NullMarked;

/** S3 as storage; an empty shell so far. */
@NullMarked
module dev.lifeboat.storage.s3 {
    requires transitive dev.lifeboat.core;
    requires static transitive org.jspecify;
}
