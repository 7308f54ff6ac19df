import org.jspecify.annotations.NullMarked;

/** Storage in S3. */
@NullMarked
module dev.lifeboat.storage.s3 {
    exports dev.lifeboat.storage.s3;

    requires transitive dev.lifeboat.core;
    requires org.slf4j;
    requires transitive software.amazon.awssdk.auth;
    requires software.amazon.awssdk.awscore;
    requires software.amazon.awssdk.core;
    requires software.amazon.awssdk.http;
    requires software.amazon.awssdk.http.apache5;
    requires software.amazon.awssdk.regions;
    requires software.amazon.awssdk.retries;
    requires software.amazon.awssdk.retries.api;
    requires transitive software.amazon.awssdk.services.s3;
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;
}
