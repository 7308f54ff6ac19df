package dev.lifeboat.docker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The edges of docs/ARCHITECTURE.md for this module; and a word about what a plain {@code mvn verify} leaves out. */
class DockerArchitectureTest {
    private static final JavaClasses ADAPTER = new ClassFileImporter().importPath(Path.of("target/classes"));

    @Test
    void adapter_knowsCoreOnly() {
        assertThat(ADAPTER.size()).isGreaterThan(25);
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "dev.lifeboat.docker",
                        "dev.lifeboat.entry",
                        "dev.lifeboat.format",
                        "dev.lifeboat.directory",
                        "dev.lifeboat.internal.io",
                        "dev.lifeboat.internal.json",
                        "dev.lifeboat.internal.tar",
                        "com.github.dockerjava..",
                        "java..",
                        "javax.net.ssl..",
                        "org.slf4j..",
                        "org.jspecify..",
                        "com.google.errorprone..")
                .check(ADAPTER);
    }

    @Test
    void dockerJava_isInNoPublicSignature() {
        noMethods()
                .that()
                .arePublic()
                .and()
                .areDeclaredInClassesThat()
                .arePublic()
                .should()
                .haveRawReturnType(foreign())
                .orShould()
                .haveRawParameterTypes(DescribedPredicate.anyElementThat(foreign()))
                .check(ADAPTER);
    }

    private static DescribedPredicate<JavaClass> foreign() {
        return DescribedPredicate.describe(
                "of docker-java or internal",
                c -> c.getPackageName().startsWith("com.github")
                        || c.getPackageName().contains(".internal"));
    }

    @Test
    void whatIsLeftOut_isSaid() {
        boolean withEngine = !System.getProperty("lifeboat.excludedGroups", "").contains("docker");
        String word = withEngine
                ? "the tests against a real engine run, too"
                : "LEFT OUT: all tests against a real engine (tag 'docker'). dev/test runs them";
        System.out.println("[INFO] " + word);
        assertThat(word).isNotEmpty();
    }
}
