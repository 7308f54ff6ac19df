package dev.lifeboat.docker;

import dev.lifeboat.Repository;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.ProblemJson;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotTree;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * How a snapshot of containers or of a volume was taken, and what it lost, as the snapshot itself records it.
 * {@link #toString} is for people. Immutable.
 *
 * @param engine version of the engine; empty for a volume
 * @param members the containers; none for a volume
 * @param parts how each part was read
 * @param problems what was lost; not all if there were more than 1,000
 * @param problemCount how many there were
 */
public record Fidelity(
        String engine, List<Member> members, List<Part> parts, List<Problem> problems, long problemCount) {
    public Fidelity {
        members = List.copyOf(members);
        parts = List.copyOf(parts);
        problems = List.copyOf(problems);
    }

    /**
     * One container.
     *
     * @param key its name in the snapshot, such as {@code db-1} for a service of a Compose project
     * @param name that it had at the engine
     * @param quiesce how it was to be quiesced, such as {@code PAUSE} or {@code SESSION+PAUSE}
     * @param quiesced whether it was, until all of it was read; if not, its files may be a mix of states
     * @param wasRunning whether it ran before
     */
    public record Member(String key, String name, String quiesce, boolean quiesced, boolean wasRunning) {}

    /**
     * One part of the snapshot, such as a volume.
     *
     * @param path in the snapshot
     * @param readBy how it was read, such as {@code host path}, which keeps everything, or {@code engine API}
     */
    public record Part(EntryPath path, String readBy) {}

    /**
     * Reads it from a snapshot.
     *
     * @throws IllegalArgumentException if the snapshot is not one of containers or of a volume
     * @throws UncheckedIOException if it cannot be read
     */
    public static Fidelity of(Repository repo, Snapshot snapshot) {
        try (SnapshotTree tree = repo.browse(snapshot)) {
            JsonObject app = read(tree, SnapshotDocuments.LIFEBOAT.resolve("app.json"));
            JsonObject fidelity = read(tree, SnapshotDocuments.LIFEBOAT.resolve("fidelity.json"));
            boolean resumedEarly = snapshot.problems().stream()
                    .anyMatch(problem -> problem.path().isRoot() && problem.kind() == Problem.Kind.CHANGED);
            List<Member> members = new ArrayList<>();
            for (JsonObject member : app.has("members") ? app.objects("members") : List.<JsonObject>of()) {
                members.add(new Member(
                        member.string("key"),
                        member.string("name"),
                        member.string("quiesce"),
                        member.flag("quiesced") && !resumedEarly,
                        member.flag("wasRunning")));
            }
            List<Part> parts = new ArrayList<>();
            for (Map.Entry<String, String> part : fidelity.stringMap("readBy").entrySet()) {
                parts.add(new Part(EntryPath.of(part.getKey()), part.getValue()));
            }
            List<Problem> problems = new ArrayList<>(ProblemJson.decode(fidelity.objects("problems")));
            // What was found after all was read: a limit that was reached, a copy that could not be read.
            List<Problem> late = snapshot.problems().stream()
                    .filter(problem -> !problems.contains(problem))
                    .toList();
            problems.addAll(late);
            return new Fidelity(
                    app.optionalString("engine").orElse(""),
                    members,
                    parts,
                    problems,
                    fidelity.size("problemCount") + late.size());
        } catch (FileNotFoundException e) {
            throw new IllegalArgumentException(
                    "snapshot " + snapshot.id() + " of " + snapshot.source()
                            + " does not record how it was taken: it is not one of containers or of a volume",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot read how snapshot " + snapshot.id() + " was taken: " + e.getMessage(), e);
        }
    }

    private static JsonObject read(SnapshotTree tree, EntryPath path) throws IOException {
        try (InputStream in = tree.open(path)) {
            return JsonObject.parse(in.readAllBytes(), path.toString());
        }
    }

    @Override
    public String toString() {
        StringBuilder out = new StringBuilder();
        for (Member member : members) {
            out.append(String.format(
                    "%-12s %s  (%s)%n",
                    member.quiesce() + (member.quiesced() ? "" : "?"),
                    member.key(),
                    member.wasRunning() ? "was running" : "was not running"));
        }
        for (Part part : parts) {
            out.append(String.format("%-12s %s%n", part.readBy(), part.path()));
        }
        for (Problem problem : problems) {
            out.append(String.format("%-12s %s: %s%n", problem.kind(), problem.path(), problem.detail()));
        }
        if (problemCount > problems.size()) {
            out.append(String.format("%d more problems%n", problemCount - problems.size()));
        }
        return out.toString();
    }
}
