package example;

import static org.junit.Assert.assertEquals;

import dev.lifeboat.docker.Docker;
import dev.lifeboat.docker.fixture.Fixture;
import dev.lifeboat.docker.fixture.FixtureOptions;
import dev.lifeboat.docker.fixture.Probe;
import dev.lifeboat.docker.fixture.ResetMode;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.AfterClass;
import org.junit.Before;
import org.junit.BeforeClass;
import org.junit.Test;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/** Each test begins with a hundred orders. What an extension of JUnit 5 does is three calls here. */
public class OrderTest {
    private static final PostgreSQLContainer POSTGRES = new PostgreSQLContainer(
                    DockerImageName.parse(System.getProperty("example.image")).asCompatibleSubstituteFor("postgres"))
            .withUsername("postgres")
            .withDatabaseName("postgres")
            .waitingFor(Wait.forListeningPort());

    private static Docker docker;
    private static Fixture db;

    @BeforeClass
    public static void start() throws SQLException {
        POSTGRES.start();
        docker = Docker.local();
        db = Fixture.of(
                docker,
                POSTGRES.getContainerId(),
                FixtureOptions.defaults()
                        .mode(ResetMode.KILL)
                        .ready(Probe.of(() -> count("select 1") == 1)));
        execute("create table orders as select n as id from generate_series(1, 100) n");
        db.checkpoint("ordered");
    }

    @Before
    public void reset() {
        db.reset("ordered");
    }

    @AfterClass
    public static void stop() {
        if (db != null) {
            db.close();
        }
        if (docker != null) {
            docker.close();
        }
        POSTGRES.stop();
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
    public void deletesAll() throws SQLException {
        assertEquals(100, count("select count(*) from orders"));
        execute("delete from orders");
    }

    @Test
    public void dropsTheTable() throws SQLException {
        assertEquals(100, count("select count(*) from orders"));
        execute("drop table orders");
    }
}
