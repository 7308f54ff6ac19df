package dev.lifeboat.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who may import whom: the table {@code edges.txt} beside this class, of all modules, internal packages too. A
 * module's test compares it with the compiled classes: an edge that is missing in the table is a fault, and so is one
 * that no package uses.
 */
public final class PackageEdges {
    /** What every package may use. */
    private static final List<String> EVERYWHERE =
            List.of("java", "org.jspecify", "org.slf4j", "com.google.errorprone");

    private static final Map<String, String> LIBRARIES = Map.ofEntries(
            Map.entry("com.sun.jna", "jna"),
            Map.entry("com.github.luben", "zstd-jni"),
            Map.entry("com.fasterxml.jackson", "jackson-jr"),
            Map.entry("org.bouncycastle", "bouncycastle"),
            Map.entry("com.github.dockerjava", "docker-java"),
            Map.entry("software.amazon.awssdk", "aws-sdk"),
            Map.entry("org.junit", "junit"),
            Map.entry("com.cronutils", "cron-utils"),
            Map.entry("io.micrometer", "micrometer"),
            Map.entry("io.fabric8.kubernetes", "kubernetes-client"),
            Map.entry("org.apache.commons.compress", "commons-compress"),
            Map.entry("org.apache.hc", "httpclient5"));

    /** Modules whose packages lie below that of core. */
    private static final List<String> OTHER_MODULES = List.of(
            "dev.lifeboat.archives",
            "dev.lifeboat.automation",
            "dev.lifeboat.docker",
            "dev.lifeboat.junit",
            "dev.lifeboat.kubernetes",
            "dev.lifeboat.micrometer",
            "dev.lifeboat.oci",
            "dev.lifeboat.storage.fs",
            "dev.lifeboat.storage.s3");

    private final JavaClasses classes;
    private final String root;

    /**
     * Imports the classes of a module.
     *
     * @param root package of the module, such as {@code dev.lifeboat.docker}
     * @param compiled folder, {@code target/classes} of the module
     */
    public PackageEdges(String root, Path compiled) {
        this.root = root;
        this.classes = new ClassFileImporter().importPath(compiled);
        assertThat(classes.size()).as("classes in %s", compiled).isGreaterThan(3);
    }

    /** The table as it is shown in {@code docs/ARCHITECTURE.md}. */
    public static String table() throws IOException {
        try (InputStream in = PackageEdges.class.getResourceAsStream("edges.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Lines that begin in the first column name a package; those below it what it may import. */
    private static SortedMap<String, SortedSet<String>> parse(String table) {
        SortedMap<String, SortedSet<String>> edges = new TreeMap<>();
        SortedSet<String> current = new TreeSet<>();
        for (String line : table.lines().toList()) {
            if (line.isBlank()) {
                continue;
            }
            if (!line.startsWith(" ")) {
                current = new TreeSet<>();
                edges.put(line.strip(), current);
            } else {
                current.addAll(List.of(line.strip().replace("-> ", "").split(" ", -1)));
            }
        }
        return edges;
    }

    /** Compares the table with the classes of the module. */
    public void checkTable() throws IOException {
        SortedMap<String, SortedSet<String>> expected = new TreeMap<>();
        parse(table()).forEach((name, targets) -> {
            boolean ofRoot = name.equals(shown(root)) || name.startsWith(shown(root) + ".");
            boolean ofOther = OTHER_MODULES.stream()
                    .anyMatch(module -> module.startsWith(root + ".")
                            && (name.equals(shown(module)) || name.startsWith(shown(module) + ".")));
            if (ofRoot && !ofOther) {
                expected.put(name, targets);
            }
        });
        assertThat(format(actual()))
                .as("who imports whom in %s; the table is core/src/test/resources/dev/lifeboat/testkit/edges.txt", root)
                .isEqualTo(format(expected));
    }

    private SortedMap<String, SortedSet<String>> actual() {
        SortedMap<String, SortedSet<String>> edges = new TreeMap<>();
        for (JavaClass type : classes) {
            String from = type.getPackageName();
            if (!from.startsWith(root) || type.getSimpleName().equals("package-info")) {
                continue;
            }
            SortedSet<String> targets = edges.computeIfAbsent(shown(from), p -> new TreeSet<>());
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                String to = dependency.getTargetClass().getBaseComponentType().getPackageName();
                if (!to.isEmpty()
                        && !to.equals(from)
                        && EVERYWHERE.stream().noneMatch(every -> to.equals(every) || to.startsWith(every + "."))
                        && !to.startsWith("javax.")) {
                    targets.add(shown(to));
                }
            }
        }
        return edges;
    }

    private static String shown(String name) {
        if (name.startsWith("dev.lifeboat")) {
            return name.substring("dev.".length());
        }
        return LIBRARIES.entrySet().stream()
                .filter(library -> name.startsWith(library.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(name);
    }

    /** As in the table. */
    private static String format(SortedMap<String, SortedSet<String>> edges) {
        StringBuilder text = new StringBuilder();
        edges.forEach((name, targets) -> {
            text.append(name).append('\n');
            StringBuilder line = new StringBuilder();
            for (String target : targets) {
                if (line.length() + target.length() > 100) {
                    text.append("    -> ").append(line.toString().strip()).append('\n');
                    line.setLength(0);
                }
                line.append(target).append(' ');
            }
            if (line.length() > 0) {
                text.append("    -> ").append(line.toString().strip()).append('\n');
            }
        });
        return text.toString();
    }

    /** Packages form no cycles. */
    public void checkNoCycles() {
        SlicesRuleDefinition.slices()
                .matching("dev.lifeboat.(**)")
                .should()
                .beFreeOfCycles()
                .check(classes);
    }

    /**
     * No type of an internal package, and none of a library, is in a public or protected signature of an exported
     * package.
     *
     * @param allowed packages of libraries whose types callers have anyway, such as those of a client they pass in
     */
    public void checkSignatures(String... allowed) {
        List<String> faults = new ArrayList<>();
        for (JavaClass type : classes) {
            if (type.getPackageName().contains(".internal") || !isVisible(type)) {
                continue;
            }
            List<JavaClass> named = new ArrayList<>(type.getAllRawInterfaces());
            type.getRawSuperclass().ifPresent(named::add);
            for (JavaMember member : type.getMembers()) {
                if (member.getModifiers().contains(JavaModifier.PUBLIC)
                        || member.getModifiers().contains(JavaModifier.PROTECTED)) {
                    named.addAll(member.getAllInvolvedRawTypes());
                }
            }
            for (JavaClass use : named) {
                String of = use.getBaseComponentType().getPackageName();
                boolean ours = of.startsWith("dev.lifeboat") && !of.contains(".internal");
                boolean jdk = of.startsWith("java") || of.isEmpty();
                if (!ours && !jdk && List.of(allowed).stream().noneMatch(of::startsWith)) {
                    faults.add(type.getName() + " shows " + use.getName());
                }
            }
        }
        assertThat(faults).isEmpty();
    }

    private static boolean isVisible(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC)
                && type.getEnclosingClass().map(PackageEdges::isVisible).orElse(true);
    }

    /**
     * Prints the table of some modules; dev/edges puts it where it belongs: {@code <root package> <folder of classes>},
     * for each of them.
     */
    public static void main(String[] arguments) {
        SortedMap<String, SortedSet<String>> all = new TreeMap<>();
        for (int i = 0; i < arguments.length; i += 2) {
            all.putAll(new PackageEdges(arguments[i], Path.of(arguments[i + 1])).actual());
        }
        System.out.print(format(all));
    }
}
