package dev.lifeboat.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A checkpoint of the fixture is taken after this method has succeeded: a {@code @BeforeAll} method that migrates, or a
 * test that others continue from. If a class has several fixtures, it is taken of each.
 */
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Checkpoint {
    /** Name of the checkpoint. */
    String value();
}
