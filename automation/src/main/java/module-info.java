import org.jspecify.annotations.NullMarked;

/** Schedules of backups, the health of what they have made, and drills that prove it. */
@NullMarked
module dev.lifeboat.automation {
    exports dev.lifeboat.automation;
    exports dev.lifeboat.automation.drill;

    requires com.cronutils;
    requires transitive dev.lifeboat.core;
    requires java.net.http;
    requires transitive java.sql;
    requires org.slf4j;
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;
}
