import org.jspecify.annotations.NullMarked;

/** Schedules of backups, and the health of what they have made. */
@NullMarked
module dev.lifeboat.automation {
    exports dev.lifeboat.automation;

    requires com.cronutils;
    requires transitive dev.lifeboat.core;
    requires org.slf4j;
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;
}
