package dev.lifeboat.bench;

import dev.lifeboat.docker.Docker;
import dev.lifeboat.docker.fixture.Checkpoint;
import dev.lifeboat.docker.fixture.Fixture;
import dev.lifeboat.docker.fixture.FixtureOptions;
import dev.lifeboat.docker.fixture.Probe;
import dev.lifeboat.docker.fixture.ResetMode;
import dev.lifeboat.docker.fixture.ResetReport;
import dev.lifeboat.docker.fixture.Spares;
import java.io.File;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Times resets of a container: from the call until the first query on a new connection is answered. */
final class Fixtures {
    private final Map<String, List<Double>> millis = new LinkedHashMap<>();

    private Fixtures() {}

    public static void main(String[] arguments) throws Exception {
        Fixtures bench = new Fixtures();
        int runs = Integer.parseInt(arguments[1]);
        switch (arguments[0]) {
            case "postgres" -> bench.postgres(runs, arguments[2], ResetMode.valueOf(arguments[3]), arguments[4]);
            case "spares" -> bench.spares(runs, arguments[2], arguments[3]);
            case "files" -> bench.files(runs, arguments[2], arguments[3]);
            case "server" -> bench.server(runs, arguments[2], arguments[3], arguments[4]);
            case "template" ->
                bench.template(runs, url(Integer.parseInt(arguments[2]), "postgres"), arguments[3], arguments[4]);
            case "shell" -> bench.shell(runs, Integer.parseInt(arguments[2]), arguments[3], arguments[4]);
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        bench.print();
    }

    private void add(String what, long nanos) {
        millis.computeIfAbsent(what, w -> new ArrayList<>()).add(nanos / 1e6);
    }

    private void print() {
        System.out.println(millis.entrySet().stream()
                .map(entry -> {
                    List<Double> sorted = entry.getValue().stream().sorted().toList();
                    return String.format(
                            Locale.ROOT,
                            "%s %.0f/%.0f",
                            entry.getKey(),
                            sorted.get(sorted.size() / 2),
                            sorted.get(Math.min(sorted.size() - 1, sorted.size() * 95 / 100)));
                })
                .collect(Collectors.joining(", ")));
    }

    private void add(ResetReport report, long total) {
        add("total", total);
        add("stop", report.stopping().toNanos());
        add("compare", report.comparing().toNanos());
        add("write", report.writing().toNanos());
        add("start", report.starting().toNanos());
        add("ready", report.awaiting().toNanos());
        add(
                "ours",
                total
                        - report.stopping().toNanos()
                        - report.starting().toNanos()
                        - report.awaiting().toNanos());
    }

    private static String url(int port, String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?user=postgres&sslmode=disable";
    }

    private static void execute(String url, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Waits as a test would that knows nothing of the server. */
    private static void awaitQuery(String url) throws InterruptedException {
        while (true) {
            try {
                execute(url, "select 1");
                return;
            } catch (SQLException e) {
                Thread.sleep(2);
            }
        }
    }

    private static void churn(String url, String sql) throws SQLException, InterruptedException {
        awaitQuery(url);
        execute(url, sql);
    }

    private static Probe query(int[] port) {
        return Probe.of(() -> {
            execute(url(port[0], "postgres"), "select 1");
            return true;
        });
    }

    private void postgres(int runs, String container, ResetMode mode, String sql) throws Exception {
        int[] port = new int[1];
        try (Docker docker = Docker.local();
                Fixture fixture = Fixture.of(
                        docker, container, FixtureOptions.defaults().mode(mode).ready(query(port)))) {
            port[0] = fixture.container().port(5432);
            awaitQuery(url(port[0], "postgres"));
            Checkpoint checkpoint = fixture.checkpoint("seeded");
            System.err.println(checkpoint);
            for (int i = 0; i < runs + 2; i++) {
                churn(url(port[0], "postgres"), sql);
                long begun = System.nanoTime();
                ResetReport report = fixture.reset("seeded");
                execute(url(port[0], "postgres"), "select 1");
                // The first two load classes.
                if (i >= 2) {
                    add(report, System.nanoTime() - begun);
                }
            }
        }
    }

    private void spares(int runs, String container, String sql) throws Exception {
        try (Docker docker = Docker.local();
                Fixture fixture =
                        Fixture.of(docker, container, FixtureOptions.defaults().mode(ResetMode.KILL))) {
            fixture.checkpoint("seeded");
            try (Spares spares = fixture.spares("seeded", 2)) {
                String url = url(spares.port(5432), "postgres");
                int missed = 0;
                for (int i = 0; i < runs + 2; i++) {
                    churn(url, sql);
                    while (spares.ready() == 0) {
                        Thread.sleep(5);
                    }
                    long begun = System.nanoTime();
                    missed += spares.reset().spare() ? 0 : 1;
                    execute(url, "select 1");
                    if (i >= 2) {
                        add("total", System.nanoTime() - begun);
                    }
                }
                System.err.println("no spare was ready: " + missed);
            }
        }
    }

    /** A container that does nothing, with many files. */
    private void files(int runs, String container, String command) throws Exception {
        server(runs, container, command, "true");
    }

    private void server(int runs, String container, String command, String ready) throws Exception {
        FixtureOptions options = FixtureOptions.defaults()
                .mode(ResetMode.KILL)
                .ready(ready.equals("true") ? Probe.none() : Probe.port(Integer.parseInt(ready)));
        try (Docker docker = Docker.local();
                Fixture fixture = Fixture.of(docker, container, options)) {
            System.err.println(fixture.checkpoint("seeded"));
            for (int i = 0; i < runs + 2; i++) {
                run("docker exec " + container + " sh -c '" + command + "'");
                long begun = System.nanoTime();
                ResetReport report = fixture.reset("seeded");
                if (i >= 2) {
                    add(report, System.nanoTime() - begun);
                }
            }
        }
    }

    private void template(int runs, String url, String strategy, String sql) throws Exception {
        String copy = url.replace("/postgres?", "/test?");
        for (int i = 0; i < runs + 2; i++) {
            long begun = System.nanoTime();
            execute(url, "drop database if exists test with (force)");
            execute(url, "create database test template seeded" + strategy);
            execute(copy, "select 1");
            if (i >= 2) {
                add("total", System.nanoTime() - begun);
            }
            execute(copy, sql);
        }
    }

    private void shell(int runs, int port, String prepare, String reset) throws Exception {
        for (int i = 0; i < runs; i++) {
            run(prepare);
            long begun = System.nanoTime();
            run(reset);
            awaitQuery(url(port, "postgres"));
            add("total", System.nanoTime() - begun);
        }
    }

    private static void run(String line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("bash", "-c", line)
                .redirectErrorStream(true)
                .redirectOutput(new File("/dev/null"))
                .start();
        if (process.waitFor() != 0) {
            throw new IOException("failed: " + line);
        }
    }
}
