package dev.lifeboat.docker.internal.model;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Labels by which other programs take a resource for one of theirs. */
public final class Identity {
    /**
     * Label of what belongs to a clone of a fixture: its own name, and the process that has made it. It holds only
     * where that process has put it, so it is never restored.
     */
    public static final String FIXTURE = "dev.lifeboat.fixture.owner";

    /** Label of what a drill has made: its own name, and the drill. It is never restored, either. */
    public static final String DRILL = "dev.lifeboat.drill.owner";

    /** Of orchestrators, which would stop or remove a copy as a surplus instance of theirs. */
    private static final List<String> OWNERS =
            List.of("com.docker.compose.", "com.docker.swarm.", "com.docker.stack.", "io.podman.compose.");
    /** Of programs that act on every container that has them: proxies, updaters, backup jobs. */
    private static final List<String> ACTORS = List.of(
            "traefik.",
            "com.centurylinklabs.watchtower",
            "caddy",
            "com.github.nginx-proxy.",
            "docker-volume-backup.",
            "ofelia.",
            "autoheal",
            "diun.");

    private Identity() {}

    /** Whether labels have one of a fixture or a drill. */
    public static boolean isMarked(Map<String, String> labels) {
        return labels.containsKey(FIXTURE) || labels.containsKey(DRILL);
    }

    /** Returns labels without those of a fixture or a drill. */
    public static Map<String, String> withoutMarks(Map<String, String> labels) {
        Map<String, String> kept = new TreeMap<>(labels);
        kept.remove(FIXTURE);
        kept.remove(DRILL);
        return kept;
    }

    /** Returns labels without those of orchestrators, fixtures and drills. */
    public static Map<String, String> withoutOwner(Map<String, String> labels) {
        Map<String, String> kept = withoutMarks(labels);
        kept.keySet().removeIf(Identity::isOwner);
        return kept;
    }

    /** Whether a label belongs to an orchestrator. */
    public static boolean isOwner(String label) {
        return OWNERS.stream().anyMatch(label::startsWith);
    }

    /** Whether some program acts on containers with this label, so that it acts on a copy, too. */
    public static boolean isActor(String label) {
        return ACTORS.stream().anyMatch(label::startsWith);
    }
}
