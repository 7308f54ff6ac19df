import org.jspecify.annotations.NullMarked;

/** Metrics of backups for Micrometer. */
@NullMarked
module dev.lifeboat.micrometer {
    exports dev.lifeboat.micrometer;

    requires transitive dev.lifeboat.core;
    requires transitive micrometer.core;
    requires transitive micrometer.observation;
    requires org.slf4j;
    requires static com.google.errorprone.annotations;
    requires static dev.lifeboat.automation;
    requires static transitive org.jspecify;
}
