package dev.lifeboat.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Tests that only root can run on Linux: owners, devices, trusted attributes. Elsewhere they are left out, and the
 * report says so.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresRoot.Condition.class)
public @interface RequiresRoot {
    /** Asks who runs the tests. */
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            boolean root = System.getProperty("os.name").equals("Linux")
                    && System.getProperty("user.name").equals("root");
            return root
                    ? ConditionEvaluationResult.enabled("runs as root on Linux")
                    : ConditionEvaluationResult.disabled("LEFT OUT: needs root on Linux");
        }
    }
}
