package dev.lifeboat.kubernetes.internal.transfer;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.process.ProcessIdentity;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;

/** Marks of what is created for the time of a transfer: by them it is found if its process was killed. */
public final class HelperMarks {
    /** Label of all of them. */
    static final String LABEL = "dev.lifeboat/helper";

    /** Annotation that says which process has made it; a label may not have such a value. */
    private static final String PROCESS = "dev.lifeboat/process";

    /** A pod ends after a day, but there may be many volumes. */
    private static final Duration LONGEST = Duration.ofDays(7);

    private HelperMarks() {}

    /** Returns a name that nothing else has. */
    static String newName() {
        return "lifeboat-"
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    }

    static JsonObject metadata(String name) {
        return JsonObject.create()
                .put("name", name)
                .put("labels", Map.of(LABEL, "true", "app.kubernetes.io/managed-by", "lifeboat"))
                .put("annotations", Map.of(PROCESS, ProcessIdentity.current().token()));
    }

    /** Whether an object was created for a transfer. */
    public static boolean areOn(KubernetesObject object) throws IOException {
        return object.labels().containsKey(LABEL);
    }

    /**
     * Whether an object is older than any transfer: of a process of another machine, or of a pod that is gone, nothing
     * else is known.
     */
    static boolean areOld(KubernetesObject object) throws IOException {
        Optional<String> created = object.metadata().optionalString("creationTimestamp");
        return areOn(object)
                && created.isPresent()
                && Instant.parse(created.get()).isBefore(Instant.now().minus(LONGEST));
    }

    /**
     * Whether an object was created by a process that is gone.
     *
     * @param gone whether a process is, by its token
     */
    static boolean areOfGone(KubernetesObject object, Predicate<String> gone) throws IOException {
        return areOn(object) && gone.test(object.annotations().getOrDefault(PROCESS, ""));
    }
}
