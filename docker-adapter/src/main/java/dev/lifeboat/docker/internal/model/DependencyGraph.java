package dev.lifeboat.docker.internal.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which members of an application need which others, and so the order in which they are started; they are stopped in
 * the reverse order. Members that need each other in a circle are started in the order of their names. Immutable.
 */
public final class DependencyGraph {
    private final SortedMap<String, SortedMap<String, Set<Condition>>> dependencies;
    private final List<String> startOrder;

    /** What one member waits for before it is started. */
    public enum Condition {
        /** The other one is started. */
        STARTED,
        /** The other one is healthy. */
        HEALTHY,
        /** The other one has ended with exit code 0. */
        COMPLETED;

        /** Reads a condition of a compose file. */
        static Condition ofCompose(String name) {
            return switch (name) {
                case "service_healthy" -> HEALTHY;
                case "service_completed_successfully" -> COMPLETED;
                default -> STARTED;
            };
        }
    }

    private DependencyGraph(SortedMap<String, SortedMap<String, Set<Condition>>> dependencies) {
        this.dependencies = dependencies;
        this.startOrder = order();
    }

    /** Collects members and their dependencies. */
    public static final class Builder {
        private final SortedMap<String, SortedMap<String, Set<Condition>>> dependencies = new TreeMap<>();

        /** Adds a member. */
        public Builder member(String member) {
            dependencies.computeIfAbsent(member, key -> new TreeMap<>());
            return this;
        }

        /** Adds a dependency. One on itself means nothing. */
        public Builder dependency(String member, String on, Condition condition) {
            member(member).member(on);
            if (!member.equals(on)) {
                dependencies
                        .computeIfAbsent(member, key -> new TreeMap<>())
                        .computeIfAbsent(on, key -> EnumSet.noneOf(Condition.class))
                        .add(condition);
            }
            return this;
        }

        /** Returns the graph. */
        public DependencyGraph build() {
            return new DependencyGraph(dependencies);
        }
    }

    /** Returns all members: each one after those that it needs, and by name where that leaves a choice. */
    public List<String> startOrder() {
        return startOrder;
    }

    /** Returns all members: each one before those that it needs. */
    public List<String> stopOrder() {
        List<String> reversed = new ArrayList<>(startOrder);
        Collections.reverse(reversed);
        return reversed;
    }

    /** Returns what a member needs, and what it waits for there. */
    public Map<String, Set<Condition>> dependencies(String member) {
        return Collections.unmodifiableMap(dependencies.getOrDefault(member, new TreeMap<>()));
    }

    /** Returns whether some member waits for another one to be healthy. */
    public boolean mustBeHealthy(String member) {
        return dependencies.values().stream()
                .anyMatch(needed -> needed.getOrDefault(member, Set.of()).contains(Condition.HEALTHY));
    }

    private List<String> order() {
        Set<String> ordered = new LinkedHashSet<>();
        Set<String> left = new TreeSet<>(dependencies.keySet());
        while (!left.isEmpty()) {
            String next = left.stream()
                    .filter(member -> ordered.containsAll(
                            dependencies.getOrDefault(member, new TreeMap<>()).keySet()))
                    .findFirst()
                    .orElseGet(() -> inCircle(left));
            ordered.add(next);
            left.remove(next);
        }
        return List.copyOf(ordered);
    }

    /** The first member of a circle; one that only waits for a circle comes after that. */
    private String inCircle(Set<String> left) {
        return left.stream()
                .filter(member -> reaches(member, member, left))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("members are left without a circle: " + left));
    }

    private boolean reaches(String from, String to, Set<String> among) {
        Set<String> seen = new TreeSet<>();
        List<String> next = new ArrayList<>(List.of(from));
        while (!next.isEmpty()) {
            String member = next.remove(next.size() - 1);
            for (String needed :
                    dependencies.getOrDefault(member, new TreeMap<>()).keySet()) {
                if (needed.equals(to)) {
                    return true;
                }
                if (among.contains(needed) && seen.add(needed)) {
                    next.add(needed);
                }
            }
        }
        return false;
    }
}
