package dev.lifeboat.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each code sample of the README, the pages and javadoc compiles. */
class SamplesTest {
    private static final Path ROOT = Path.of("../..");
    private static final Pattern MARKDOWN = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern JAVADOC = Pattern.compile("<pre>\\{@code(.*?)\\}</pre>", Pattern.DOTALL);

    /** What a reader of a page has by then. */
    private static final String HEAD = """
            import dev.lifeboat.*;
            import dev.lifeboat.directory.*;
            import dev.lifeboat.archives.*;
            import dev.lifeboat.automation.*;
            import dev.lifeboat.automation.drill.*;
            import dev.lifeboat.docker.*;
            import dev.lifeboat.docker.drill.*;
            import dev.lifeboat.docker.engine.*;
            import dev.lifeboat.docker.fixture.*;
            import dev.lifeboat.docker.plan.*;
            import dev.lifeboat.docker.quiesce.*;
            import dev.lifeboat.entry.*;
            import dev.lifeboat.event.*;
            import dev.lifeboat.format.chunked.*;
            import dev.lifeboat.format.tar.*;
            import dev.lifeboat.kubernetes.Kubernetes;
            import dev.lifeboat.kubernetes.VeleroServer;
            import dev.lifeboat.kubernetes.quiesce.PodQuiesce;
            import dev.lifeboat.kubernetes.velero.Velero;
            import dev.lifeboat.kubernetes.velero.VeleroRun;
            import dev.lifeboat.micrometer.*;
            import dev.lifeboat.micrometer.RepositoryMetrics.OperationMetrics;
            import dev.lifeboat.oci.*;
            import dev.lifeboat.oci.registry.*;
            import dev.lifeboat.quiesce.*;
            import dev.lifeboat.snapshot.*;
            import dev.lifeboat.storage.*;
            import dev.lifeboat.storage.fs.*;
            import dev.lifeboat.storage.s3.*;
            import dev.lifeboat.testkit.*;
            import dev.lifeboat.junit.FixtureExtension;
            import dev.lifeboat.junit.InContainer;
            import dev.lifeboat.junit.Reset;
            import io.micrometer.core.instrument.MeterRegistry;
            import io.micrometer.observation.ObservationRegistry;
            import java.io.*;
            import java.net.URI;
            import java.nio.charset.StandardCharsets;
            import java.nio.file.*;
            import java.security.SecureRandom;
            import java.sql.DriverManager;
            import java.time.*;
            import java.util.*;
            import java.util.concurrent.*;
            import org.junit.jupiter.api.*;
            import org.junit.jupiter.api.extension.RegisterExtension;
            class Sample {
                Docker docker;
                Kubernetes kubernetes;
                MeterRegistry meters;
                ObservationRegistry observations;
                Schedule nightly;
                Registry registry;
                Repository repo;
                Snapshot snapshot;
                StorageTarget storage;
            """;

    @TempDir
    Path classes;

    /** A sample, and where it is. */
    private record Sample(Path file, int line, String code) {
        @Override
        public String toString() {
            return file.getFileName() + ":" + line;
        }
    }

    static List<Sample> samples() throws IOException {
        List<Sample> samples = new ArrayList<>();
        try (Stream<Path> files = Files.walk(ROOT)) {
            for (Path file : files.filter(f -> !f.toString().contains("target")).toList()) {
                String name = file.toString();
                if (name.endsWith(".md")) {
                    collect(samples, file, MARKDOWN, false);
                } else if (name.endsWith(".java") && name.contains("src/main")) {
                    collect(samples, file, JAVADOC, true);
                }
            }
        }
        assertThat(samples).hasSizeGreaterThan(40);
        return samples;
    }

    private static void collect(List<Sample> samples, Path file, Pattern pattern, boolean javadoc) throws IOException {
        String text = Files.readString(file);
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            String code = javadoc ? matcher.group(1).replaceAll("(?m)^ *\\* ?", "") : matcher.group(1);
            int line = (int) text.substring(0, matcher.start(1))
                    .chars()
                    .filter(c -> c == '\n')
                    .count();
            samples.add(new Sample(file, line + 1, code));
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void sample_compiles(Sample sample) {
        String code = sample.code().strip();
        String withoutComment = code.replaceFirst("\\s+//[^\n]*$", "");
        boolean expression = !withoutComment.endsWith(";") && !withoutComment.endsWith("}");
        String body = code.startsWith("class ") || code.startsWith("@")
                ? code
                : "void run() throws Exception {\n" + (expression ? "var it = " + code + ";" : code) + "\n}\n";
        JavaFileObject source =
                new SimpleJavaFileObject(URI.create("string:///Sample.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        // Two types have this name, and only one is an annotation.
                        String head =
                                code.contains("@Checkpoint") ? "import dev.lifeboat.junit.Checkpoint;\n" + HEAD : HEAD;
                        return head + body + "}\n";
                    }
                };
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter errors = new StringWriter();
        List<String> options =
                List.of("-proc:none", "-d", classes.toString(), "-cp", System.getProperty("java.class.path"));
        boolean compiled = compiler.getTask(errors, null, null, options, null, List.of(source))
                .call();
        assertThat(compiled).as(errors + "\n" + body).isTrue();
    }
}
