package dev.fanfare.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Holds the arrows between the modules: cli to server, client and storage, server to broker and protocol, client to
/// protocol, storage to broker; broker and protocol stand alone.
class ModulePlacementTest {

    private static final DescribedPredicate<JavaClass> PROTOCOL = resideInAPackage("dev.fanfare.protocol..");
    private static final DescribedPredicate<JavaClass> SERVER = resideInAPackage("dev.fanfare.server..");
    private static final DescribedPredicate<JavaClass> CLIENT = resideInAPackage("dev.fanfare.client..");
    private static final DescribedPredicate<JavaClass> STORAGE = resideInAPackage("dev.fanfare.storage..");
    private static final DescribedPredicate<JavaClass> CLI = resideInAPackage("dev.fanfare.cli..");
    private static final DescribedPredicate<JavaClass> NETTY = resideInAPackage("io.netty..");

    /// Whatever is in no other module.
    private static final DescribedPredicate<JavaClass> BROKER = resideInAPackage("dev.fanfare..")
            .and(not(PROTOCOL.or(SERVER).or(CLIENT).or(STORAGE).or(CLI)))
            .as("reside in the broker");

    /// The only doors to the clock and to waiting, outside [java.util.concurrent].
    private static final DescribedPredicate<JavaAccess<?>> READS_THE_CLOCK = DescribedPredicate.describe(
            "read the clock or sleep",
            access -> Set.of(
                            "java.lang.Thread.sleep",
                            "java.lang.System.currentTimeMillis",
                            "java.lang.System.nanoTime",
                            "java.time.Instant.now",
                            "java.time.LocalDate.now",
                            "java.time.LocalDateTime.now",
                            "java.time.ZonedDateTime.now",
                            "java.time.OffsetDateTime.now",
                            "java.time.Clock.systemUTC",
                            "java.time.Clock.systemDefaultZone")
                    .contains(access.getTargetOwner().getName() + "." + access.getName()));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.fanfare");

    @Test
    void everyModuleIsLookedAt() {
        assertThat(CLASSES.stream().map(JavaClass::getPackageName))
                .contains(
                        "dev.fanfare",
                        "dev.fanfare.feed",
                        "dev.fanfare.protocol",
                        "dev.fanfare.server",
                        "dev.fanfare.client",
                        "dev.fanfare.storage",
                        "dev.fanfare.cli");
    }

    @Test
    void theBrokerKnowsNoOtherModule() {
        noClasses()
                .that(BROKER)
                .should()
                .dependOnClassesThat(PROTOCOL.or(SERVER).or(CLIENT).or(STORAGE).or(CLI))
                .check(CLASSES);
    }

    @Test
    void theBrokerKnowsNoWire() {
        noClasses()
                .that(BROKER)
                .should()
                .dependOnClassesThat(
                        resideInAnyPackage("io.netty..", "tools.jackson..", "java.net.http..", "org.rocksdb.."))
                .check(CLASSES);
    }

    @Test
    void theProtocolKnowsNoOtherModuleAndNoNetty() {
        noClasses()
                .that(PROTOCOL)
                .should()
                .dependOnClassesThat(
                        BROKER.or(SERVER).or(CLIENT).or(STORAGE).or(CLI).or(NETTY))
                .check(CLASSES);
    }

    @Test
    void theServerKnowsNeitherClientNorStorageNorCommands() {
        noClasses()
                .that(SERVER)
                .should()
                .dependOnClassesThat(CLIENT.or(STORAGE).or(CLI))
                .check(CLASSES);
    }

    @Test
    void theClientKnowsOnlyTheProtocol() {
        noClasses()
                .that(CLIENT)
                .should()
                .dependOnClassesThat(BROKER.or(SERVER).or(STORAGE).or(CLI).or(NETTY))
                .check(CLASSES);
    }

    @Test
    void theStorageKnowsOnlyTheBroker() {
        noClasses()
                .that(STORAGE)
                .should()
                .dependOnClassesThat(PROTOCOL.or(SERVER).or(CLIENT).or(CLI).or(NETTY))
                .check(CLASSES);
    }

    @Test
    void onlyTimersReadTheClockInTheBroker() {
        noClasses()
                .that(BROKER)
                .and()
                .resideOutsideOfPackage("dev.fanfare.time..")
                .should()
                .accessTargetWhere(READS_THE_CLOCK)
                .check(CLASSES);
    }

    @Test
    void noNameSaysNothing() {
        noClasses()
                .should()
                .haveNameMatching(".*(Impl|Manager|Helper|Utils?)(\\$.*)?")
                .check(CLASSES);
    }
}
