package dev.lifeboat.docker.internal.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.docker.internal.model.DependencyGraph.Condition;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The order in which the members of an application are started and stopped. */
class DependencyGraphTest {
    @Test
    void eachMember_comesAfterThoseThatItNeeds() {
        DependencyGraph graph = new DependencyGraph.Builder()
                .dependency("web", "db", Condition.HEALTHY)
                .dependency("web", "cache", Condition.STARTED)
                .dependency("a-worker", "web", Condition.STARTED)
                .member("alone")
                .build();
        assertThat(graph.startOrder()).containsExactly("alone", "cache", "db", "web", "a-worker");
        assertThat(graph.stopOrder()).containsExactly("a-worker", "web", "db", "cache", "alone");
        assertThat(graph.dependencies("web"))
                .isEqualTo(Map.of("db", Set.of(Condition.HEALTHY), "cache", Set.of(Condition.STARTED)));
        assertThat(graph.mustBeHealthy("db")).isTrue();
        assertThat(graph.mustBeHealthy("cache")).isFalse();
    }

    @Test
    void circle_isBroken_atOneOfItsMembers() {
        DependencyGraph graph = new DependencyGraph.Builder()
                .dependency("a", "x", Condition.STARTED)
                .dependency("x", "y", Condition.STARTED)
                .dependency("y", "x", Condition.STARTED)
                .build();
        assertThat(graph.startOrder()).containsExactly("x", "a", "y");
    }

    @Test
    void dependencyOnItself_meansNothing() {
        DependencyGraph graph = new DependencyGraph.Builder()
                .dependency("a", "a", Condition.HEALTHY)
                .build();
        assertThat(graph.startOrder()).containsExactly("a");
        assertThat(graph.dependencies("a")).isEmpty();
    }

    @Test
    void nothing_hasNoOrder() {
        assertThat(new DependencyGraph.Builder().build().startOrder()).isEmpty();
    }
}
