package dev.lifeboat.quiesce;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which servers have the stages of a backup. */
class MariaDbSessionTest {
    @ParameterizedTest
    @CsvSource({
        "10.11.6-MariaDB-0+deb12u1, true",
        "11.4.2-MariaDB, true",
        "10.4.0-MariaDB-log, true",
        "10.3.39-MariaDB, false",
        "5.5.68-MariaDB, false",
        "8.4.2, false",
        "8.0.36-0ubuntu0.22.04.1, false",
        "MariaDB, false"
    })
    void stagesOfABackup(String version, boolean has) {
        assertThat(MariaDbSession.hasStages(version)).isEqualTo(has);
    }
}
