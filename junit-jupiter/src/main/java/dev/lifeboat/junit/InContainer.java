package dev.lifeboat.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Chooses the container of a parameter, where a fixture has several, or a class several fixtures. */
@Documented
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
public @interface InContainer {
    /** Service of a Compose project, or name of the container. */
    String value();
}
