package dev.lifeboat.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The fixture is set back to a checkpoint before this test; on a class, before each test of it or before the first one.
 * The nearest annotation counts: that of the method, of its class, of an enclosing class; else
 * {@link FixtureExtension#resetTo}.
 */
@Documented
@Inherited
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
public @interface Reset {
    /** Name of the checkpoint. */
    String value();

    /** When a class is reset. */
    Before before() default Before.EACH_TEST;

    /** When a class is reset. */
    enum Before {
        /** Before each test. */
        EACH_TEST,
        /** Before the first test of the class, after its {@code @BeforeAll} methods. */
        CLASS
    }
}
