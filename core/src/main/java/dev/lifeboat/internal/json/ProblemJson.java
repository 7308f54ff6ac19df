package dev.lifeboat.internal.json;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Encodes and decodes problems. docs/FORMAT.md, sections 4 and 7. */
public final class ProblemJson {
    private ProblemJson() {}

    /** Encodes one problem as a member of an array. */
    public static Map<String, @Nullable Object> encode(Problem problem) {
        return JsonObject.create()
                .put("path", problem.path().toString())
                .put("kind", problem.kind().name())
                .put("detail", problem.detail())
                .members();
    }

    /** Encodes problems as an array. */
    public static List<@Nullable Object> encode(List<Problem> problems) {
        List<@Nullable Object> array = new ArrayList<>(problems.size());
        problems.forEach(problem -> array.add(encode(problem)));
        return array;
    }

    /**
     * Decodes an array of problems.
     *
     * @throws IllegalArgumentException if a path or kind is not valid
     */
    public static List<Problem> decode(List<JsonObject> array) throws IOException {
        List<Problem> problems = new ArrayList<>(array.size());
        for (JsonObject problem : array) {
            problems.add(new Problem(
                    EntryPath.parse(problem.string("path")),
                    Problem.Kind.valueOf(problem.string("kind")),
                    problem.string("detail")));
        }
        return problems;
    }
}
