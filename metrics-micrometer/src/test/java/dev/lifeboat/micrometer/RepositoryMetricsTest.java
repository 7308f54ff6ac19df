package dev.lifeboat.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.Retention;
import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.event.OperationEnded;
import dev.lifeboat.micrometer.RepositoryMetrics.OperationMetrics;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the metrics of a real repository are, and that the alerts and the dashboard use what there is. */
@Timeout(180)
class RepositoryMetricsTest {
    private static final Path MONITORING = Path.of("../docs/monitoring");
    private static final Pattern METRIC = Pattern.compile("lifeboat_[a-z_]+");

    @TempDir
    Path dir;

    private final OperationMetrics operations = RepositoryMetrics.operations();
    private final List<OperationEnded> ended = new CopyOnWriteArrayList<>();
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private Repository repository;
    private DirectorySource shop;

    @BeforeEach
    void create() throws Exception {
        operations.bindTo(registry);
        operations.bindTo(registry);
        Files.write(Files.createDirectories(dir.resolve("files")).resolve("a"), new byte[100_000]);
        shop = DirectorySource.of(dir.resolve("files")).named("shop");
        repository = Repository.at(FileStorage.at(dir.resolve("repository")))
                .encryption(Encryption.none())
                .replica(FileStorage.at(dir.resolve("replica")))
                .onEnd(operations)
                .onEnd(ended::add)
                .onEnd(e -> {
                    throw new IllegalStateException("a listener that fails");
                })
                .create();
    }

    @AfterEach
    void verify() {
        assertThat(repository.verify().readData().run().findings()).isEmpty();
        repository.close();
    }

    private RepositoryMetrics metrics() {
        return RepositoryMetrics.of(repository).named("test").every(Duration.ofMillis(50));
    }

    private double value(String name, String... labels) {
        for (String line : registry.scrape().lines().toList()) {
            boolean named = line.startsWith(name + "{") || line.startsWith(name + " ");
            if (named && List.of(labels).stream().allMatch(line::contains)) {
                return Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
            }
        }
        return Double.NaN;
    }

    /** Everything that there is metrics of. */
    private Snapshot fill() throws Exception {
        repository.backup(shop).run();
        Files.write(dir.resolve("files/b"), new byte[50_000]);
        Snapshot newest = repository.backup(shop).run();
        repository
                .backup(DirectorySource.of(dir.resolve("files")).named("other"))
                .run();
        repository
                .restore(newest)
                .to(DirectoryRestore.into(dir.resolve("restored")))
                .run();
        repository.prune(Retention.keepLast(5)).run();
        Drills.record(repository, newest);
        return newest;
    }

    @Test
    void aScrapeWhileValuesChange_seesEachGaugeOnce() throws Exception {
        repository.backup(shop).run();
        RepositoryGauges gauges = new RepositoryGauges(repository, "test", registry);
        gauges.refreshed();
        gauges.refreshSnapshots();
        AtomicBoolean over = new AtomicBoolean();
        CompletableFuture<Void> changes = CompletableFuture.runAsync(() -> {
            while (!over.get()) {
                gauges.refreshed();
            }
        });
        try {
            for (int i = 0; i < 500; i++) {
                assertThat(value("lifeboat_metrics_time_seconds")).isPositive();
            }
        } finally {
            over.set(true);
            changes.join();
            gauges.close();
        }
        assertThat(registry.getMeters())
                .noneMatch(meter -> meter.getId().getName().startsWith("lifeboat.metrics"));
    }

    @Test
    void seriesSizesReplicasAndDrills_areShown() throws Exception {
        Snapshot newest = fill();
        try (RepositoryMetrics.Binding binding = metrics().bind(registry)) {
            assertThat(binding).isNotNull();
            assertThat(value("lifeboat_snapshots", "series=\"shop\"", "repository=\"test\""))
                    .isEqualTo(2);
            assertThat(value("lifeboat_snapshots", "series=\"other\"")).isEqualTo(1);
            assertThat(value("lifeboat_last_success_time_seconds", "series=\"shop\""))
                    .isEqualTo((double) newest.time().getEpochSecond());
            assertThat(value("lifeboat_last_complete", "series=\"shop\"")).isEqualTo(1);
            assertThat(value("lifeboat_last_content_bytes", "series=\"shop\"")).isEqualTo(150_000);
            // A file that was written a moment before is read again.
            assertThat(value("lifeboat_last_read_bytes", "series=\"shop\"")).isBetween(50_000.0, 150_000.0);
            assertThat(value("lifeboat_last_failed", "series=\"shop\"")).isZero();
            assertThat(value("lifeboat_repository_size_bytes"))
                    .isEqualTo((double) repository.size().bytes());
            assertThat(value("lifeboat_repository_dedup_ratio")).isGreaterThan(1);
            assertThat(value("lifeboat_metrics_time_seconds")).isPositive();
            assertThat(value("lifeboat_replica_up")).isEqualTo(1);
            assertThat(value("lifeboat_replica_lag_bytes")).isZero();
            assertThat(value("lifeboat_drill_passed", "series=\"shop\"")).isEqualTo(1);
            assertThat(value("lifeboat_drill_rpo_seconds", "series=\"shop\"")).isPositive();
            assertThat(value("lifeboat_drill_passed", "series=\"other\"")).isNaN();
            // What another process does shows, too.
            repository.backup(shop.named("third")).run();
            for (int i = 0; Double.isNaN(value("lifeboat_snapshots", "series=\"third\"")); i++) {
                assertThat(i).isLessThan(200);
                Thread.sleep(50);
            }
        }
        assertThat(value("lifeboat_snapshots", "series=\"shop\"")).isNaN();
        assertThat(registry.scrape()).doesNotContain("lifeboat_repository").doesNotContain("lifeboat_drill");
    }

    @Test
    void operations_areCounted_byOutcome_evenIfAListenerFails() throws Exception {
        assertThat(value("lifeboat_operations_seconds_count", "kind=\"backup\"", "failed"))
                .isZero();
        fill();
        assertThatThrownBy(() -> repository
                        .backup(DirectorySource.of(dir.resolve("none")))
                        .run())
                .isInstanceOf(BackupException.class);
        assertThat(value("lifeboat_operations_seconds_count", "kind=\"backup\"", "succeeded"))
                .isEqualTo(3);
        assertThat(value("lifeboat_operations_seconds_count", "kind=\"backup\"", "failed"))
                .isEqualTo(1);
        assertThat(value("lifeboat_operations_seconds_count", "kind=\"restore\"", "succeeded"))
                .isEqualTo(1);
        assertThat(value("lifeboat_operations_read_bytes_total", "kind=\"backup\""))
                .isGreaterThanOrEqualTo(150_000.0);
        assertThat(ended).extracting(OperationEnded::kind).contains("Backup", "Restore", "Prune");
        OperationEnded failed = ended.get(ended.size() - 1);
        assertThat(failed.succeeded()).isFalse();
        assertThat(failed.failure().orElseThrow()).contains(dir.resolve("none").toString());
        assertThat(failed.operation()).startsWith("back up ");
    }

    @Test
    void replicaThatLacksObjects_isBehind() throws Exception {
        fill();
        repository.syncReplicas().run();
        try (var files = Files.walk(dir.resolve("replica/packs"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
        }
        try (RepositoryMetrics.Binding binding = metrics().bind(registry)) {
            assertThat(binding).isNotNull();
            assertThat(value("lifeboat_replica_lag_bytes")).isPositive();
            assertThat(value("lifeboat_replica_lag_objects")).isPositive();
        }
        repository.syncReplicas().run();
        assertThat(repository.replicaLag()).singleElement().matches(Repository.ReplicaLag::isInSync);
    }

    @Test
    void wrongUse_andOtherRegistries() throws Exception {
        assertThatThrownBy(() -> metrics().every(Duration.ZERO)).hasMessage("interval is not positive: PT0S");
        fill();
        SimpleMeterRegistry simple = new SimpleMeterRegistry();
        RepositoryMetrics.Binding binding = metrics().bind(simple);
        assertThat(simple.get("lifeboat.snapshots")
                        .tag("series", "shop")
                        .gauge()
                        .value())
                .isEqualTo(2);
        binding.close();
        binding.close();
        assertThat(simple.getMeters()).isEmpty();
    }

    private static Set<String> used(String file) throws Exception {
        Set<String> names = new TreeSet<>();
        Matcher found = METRIC.matcher(Files.readString(MONITORING.resolve(file)));
        while (found.find()) {
            names.add(found.group());
        }
        return names;
    }

    @Test
    void alertsAndDashboard_useWhatThereIs() throws Exception {
        fill();
        try (RepositoryMetrics.Binding binding = metrics().bind(registry)) {
            assertThat(binding).isNotNull();
            Set<String> there = new TreeSet<>();
            registry.scrape()
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .forEach(line -> there.add(line.replaceFirst("[{ ].*", "")));
            assertThat(there).containsAll(used("alerts.yml")).containsAll(used("dashboard.json"));
            assertThat(used("dashboard.json")).hasSizeGreaterThan(14);
            String page = Files.readString(Path.of("../docs/monitoring.md"));
            assertThat(there.stream()
                            .filter(name -> name.startsWith("lifeboat_"))
                            .map(name -> name.replaceAll("_(count|sum|max)$", "")))
                    .allSatisfy(name -> assertThat(page).contains(name));
        }
    }

    @Test
    @Tag("promtool")
    void alerts_areWhatPrometheusTakes_andFire() throws Exception {
        assertThat(run(MONITORING, "promtool", "check", "rules", "alerts.yml")).contains("9 rules found");
        assertThat(run(MONITORING, "promtool", "test", "rules", "alerts-test.yml"))
                .contains("SUCCESS");
    }

    private static String run(Path in, String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .directory(in.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    /** Each query of the dashboard gives something in a real Prometheus that reads these metrics. */
    @Test
    @Tag("promtool")
    void dashboard_showsSomethingInEachPanel() throws Exception {
        fill();
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Process prometheus = null;
        try (RepositoryMetrics.Binding binding = metrics().bind(registry);
                ServerSocket exporter = serve()) {
            assertThat(binding).isNotNull();
            Path config = Files.writeString(
                    dir.resolve("prometheus.yml"),
                    "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: ["
                            + MONITORING.resolve("alerts.yml").toRealPath() + "]\n"
                            + "scrape_configs: [{job_name: lifeboat, static_configs: [{targets: ['127.0.0.1:"
                            + exporter.getLocalPort() + "']}]}]\n");
            prometheus = new ProcessBuilder(
                            "prometheus",
                            "--config.file=" + config,
                            "--storage.tsdb.path=" + dir.resolve("tsdb"),
                            "--web.listen-address=127.0.0.1:" + port)
                    .redirectErrorStream(true)
                    .redirectOutput(dir.resolve("prometheus.log").toFile())
                    .start();
            for (int i = 0;
                    !query(port, "count_over_time(lifeboat_snapshots[1m]) > 2").contains("\"metric\"");
                    i++) {
                assertThat(i)
                        .as(Files.readString(dir.resolve("prometheus.log")))
                        .isLessThan(120);
                Thread.sleep(500);
            }
            List<String> queries = queries();
            assertThat(queries).hasSizeGreaterThan(14);
            for (String query : queries) {
                String all = query.replace("$repository", ".*").replace("$series", ".*");
                assertThat(query(port, all))
                        .as(all)
                        .contains("\"status\":\"success\"")
                        .contains("\"metric\"");
            }
            assertThat(query(port, "ALERTS")).contains("\"status\":\"success\"");
        } finally {
            if (prometheus != null) {
                prometheus.destroy();
                assertThat(prometheus.waitFor(30, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    private static List<String> queries() throws Exception {
        List<String> queries = new ArrayList<>();
        Matcher found = Pattern.compile("\"expr\": \"((?:[^\"\\\\]|\\\\.)*)\"")
                .matcher(Files.readString(MONITORING.resolve("dashboard.json")));
        while (found.find()) {
            queries.add(found.group(1).replace("\\\"", "\""));
        }
        return queries;
    }

    private static String query(int port, String query) throws Exception {
        URI uri = URI.create(
                "http://127.0.0.1:" + port + "/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8));
        try {
            return HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (ConnectException e) {
            return "not up yet";
        }
    }

    /** Answers each request with the metrics. */
    private ServerSocket serve() throws Exception {
        ServerSocket server = new ServerSocket();
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Thread thread = new Thread(() -> {
            while (!server.isClosed()) {
                try (var socket = server.accept();
                        InputStream in = socket.getInputStream();
                        OutputStream out = socket.getOutputStream()) {
                    int end = 0;
                    for (int c; end < 4 && (c = in.read()) >= 0; ) {
                        end = c == (end % 2 == 0 ? '\r' : '\n') ? end + 1 : 0;
                    }
                    byte[] body = registry.scrape().getBytes(StandardCharsets.UTF_8);
                    out.write(("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n"
                                    + "Content-Length: " + body.length + "\r\n\r\n")
                            .getBytes(StandardCharsets.UTF_8));
                    out.write(body);
                } catch (IOException e) {
                    // Closed, or the other side has ended.
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
        return server;
    }
}
