package dev.lifeboat;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.GeneralCodingRules;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The edges of docs/ARCHITECTURE.md. */
class ArchitectureTest {
    private static final JavaClasses CORE = new ClassFileImporter().importPath(Path.of("target/classes"));

    @Test
    void classesWereFound() {
        assertThat(CORE.size()).isGreaterThan(80);
    }

    @Test
    void packages_haveNoCycles() {
        SlicesRuleDefinition.slices()
                .matching("dev.lifeboat.(**)")
                .should()
                .beFreeOfCycles()
                .check(CORE);
    }

    @Test
    void entryAndStorage_knowNobody() {
        for (String leaf : new String[] {"dev.lifeboat.entry", "dev.lifeboat.storage"}) {
            classes()
                    .that()
                    .resideInAPackage(leaf)
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(leaf, "java..", "org.jspecify..")
                    .check(CORE);
        }
    }

    @Test
    void format_knowsEntryAndStorageOnly() {
        classes()
                .that()
                .resideInAPackage("dev.lifeboat.format")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "dev.lifeboat.format", "dev.lifeboat.entry", "dev.lifeboat.storage", "java..", "org.jspecify..")
                .check(CORE);
    }

    @Test
    void directory_knowsEntryOnly() {
        noClasses()
                .that()
                .resideInAPackage("dev.lifeboat.directory")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.lifeboat", "dev.lifeboat.format..", "dev.lifeboat.storage..")
                .check(CORE);
    }

    @Test
    void nobodyKnowsTheFrontDoor() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.lifeboat")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.lifeboat")
                .check(CORE);
    }

    @Test
    void internals_areInNoPublicSignature() {
        noMethods()
                .that()
                .arePublic()
                .and()
                .areDeclaredInClassesThat()
                .arePublic()
                .and()
                .areDeclaredInClassesThat()
                .resideOutsideOfPackage("dev.lifeboat.internal..")
                .should()
                .haveRawReturnType(com.tngtech.archunit.base.DescribedPredicate.describe(
                        "internal", c -> c.getPackageName().contains(".internal")))
                .check(CORE);
    }

    @Test
    void noStandardStreams_noJavaUtilLogging() {
        GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CORE);
        GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING.check(CORE);
    }
}
