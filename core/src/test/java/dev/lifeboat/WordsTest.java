package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The project is written in the field's English: words that a reader who knows restic and Docker would stumble over stay out
 * of code, javadoc, messages and pages; and javadoc and Markdown end at 120 columns.
 */
class WordsTest {
    private static final Path ROOT = Path.of("..");
    private static final int COLUMNS = 120;
    private static final Set<String> SKIPPED = Set.of("target", ".git", "golden");

    /** What not to write, and what to write instead. */
    private static final Map<String, String> WORDS = new TreeMap<>(Map.ofEntries(
            Map.entry("(bring|brings|brought|bringing) \\w* ?to rest|at rest", "quiesce, quiesced"),
            Map.entry("set apart|sets apart|dropSetApart", "quarantine, quarantined"),
            Map.entry("taken? for dead", "ended"),
            Map.entry("condemned?", "pending deletion"),
            Map.entry("last words?", "completion record"),
            Map.entry("void outcome|a void\\b", "aborted outcome"),
            Map.entry("catch(es|ing)? up|caught up|catchUp", "sync, in sync"),
            Map.entry("in step(?! [0-9a-z])", "in sync"),
            Map.entry("first store", "primary store"),
            Map.entry("takesInOrder", "requiresInlineContent"),
            Map.entry("RestKeeper|ContainerRest|MovedSink|Blueprint", "QuiesceHandle, QuiescedContainer, PrefixSink"),
            Map.entry("nobody|somebody", "name who it is, or use the passive"),
            Map.entry("honesty|thrift\\b|wholeness", "loss reporting, lazy reads, atomic file replacement"),
            Map.entry("what came back is what went in", "the restored data equals the original")));

    /** Files that may have them, since they list or quote them. */
    private static final Set<String> ALLOWED = Set.of("WordsTest.java", "CHANGELOG.md");

    private record Finding(Path file, int line, String what) {
        @Override
        public String toString() {
            return file + ":" + line + ": " + what;
        }
    }

    private static List<Path> files() throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
                Path name = dir.getFileName();
                return name != null && SKIPPED.contains(name.toString())
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                String name = String.valueOf(file.getFileName());
                boolean text = name.endsWith(".java") || name.endsWith(".md");
                if (text && !ALLOWED.contains(name)) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        assertThat(files).hasSizeGreaterThan(200);
        return files;
    }

    @Test
    void oldWords_areNotUsed() throws IOException {
        Map<Pattern, String> patterns = new java.util.LinkedHashMap<>();
        WORDS.forEach((word, instead) ->
                patterns.put(Pattern.compile("(?<![\\w.])(" + word + ")(?!\\w)", Pattern.CASE_INSENSITIVE), instead));
        List<Finding> findings = new ArrayList<>();
        for (Path file : files()) {
            List<String> lines = Files.readAllLines(file);
            for (int i = 0; i < lines.size(); i++) {
                for (Map.Entry<Pattern, String> word : patterns.entrySet()) {
                    Matcher found = word.getKey().matcher(lines.get(i));
                    if (found.find()) {
                        findings.add(new Finding(file, i + 1, "'" + found.group() + "': write " + word.getValue()));
                    }
                }
            }
        }
        assertThat(findings).isEmpty();
    }

    /** Tables, links and code in Markdown cannot be wrapped. */
    @Test
    void linesEnd_atColumn120() throws IOException {
        List<Finding> findings = new ArrayList<>();
        for (Path file : files()) {
            boolean java = file.toString().endsWith(".java");
            boolean code = false;
            List<String> lines;
            try (Stream<String> all = Files.lines(file)) {
                lines = all.toList();
            }
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i);
                String start = line.strip();
                code ^= start.startsWith("```");
                boolean wraps = java
                        ? start.startsWith("*") || start.startsWith("/*") || start.startsWith("//")
                        : !code && !start.startsWith("|") && !start.startsWith("[") && start.contains(" ");
                if (wraps && line.length() > COLUMNS) {
                    findings.add(new Finding(file, i + 1, line.length() + " columns"));
                }
            }
        }
        assertThat(findings).isEmpty();
    }
}
