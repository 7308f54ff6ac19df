import org.jspecify.annotations.NullMarked;

/** A JUnit Jupiter extension that sets containers back to a known state. */
@NullMarked
module dev.lifeboat.junit {
    exports dev.lifeboat.junit;

    requires transitive dev.lifeboat.docker;
    requires transitive org.junit.jupiter.api;
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;
}
