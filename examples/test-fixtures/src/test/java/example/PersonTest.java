package example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.docker.fixture.FixtureOptions;
import dev.lifeboat.docker.fixture.Probe;
import dev.lifeboat.docker.fixture.ResetMode;
import dev.lifeboat.junit.FixtureExtension;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/** Each test begins with a thousand persons, whatever the others have done. The JDBC URL stays the same. */
@Testcontainers
class PersonTest {
    @Container
    static final PostgreSQLContainer POSTGRES = new PostgreSQLContainer(
                    DockerImageName.parse(System.getProperty("example.image")).asCompatibleSubstituteFor("postgres"))
            .withUsername("postgres")
            .withDatabaseName("postgres")
            .waitingFor(Wait.forListeningPort());

    @RegisterExtension
    static final FixtureExtension DB = FixtureExtension.of(POSTGRES::getContainerId)
            .options(FixtureOptions.defaults()
                    .mode(ResetMode.KILL)
                    .ready(Probe.of(() -> count("select 1") == 1)))
            .seed("migrated", PersonTest::migrate);

    private static void migrate() throws SQLException {
        execute("create table person(id serial primary key, name text)");
        execute("insert into person(name) select 'person ' || n from generate_series(1, 1000) n");
    }

    private static Connection connect() throws SQLException {
        return DriverManager.getConnection(POSTGRES.getJdbcUrl(), POSTGRES.getUsername(), POSTGRES.getPassword());
    }

    private static void execute(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static int count(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getInt(1);
        }
    }

    @Test
    void dropsTheTable() throws SQLException {
        execute("drop table person");
    }

    @RepeatedTest(3)
    void deletesAll() throws SQLException {
        assertThat(count("select count(*) from person")).isEqualTo(1000);
        execute("delete from person");
        assertThat(count("select count(*) from person")).isZero();
    }

    @Test
    void createsADatabase() throws SQLException {
        assertThat(count("select count(*) from pg_database where datname = 'other'")).isZero();
        execute("create database other");
    }

    @Test
    void addsOne() throws SQLException {
        execute("insert into person(name) values ('the last')");
        assertThat(count("select max(id) from person")).isEqualTo(1001);
    }
}
