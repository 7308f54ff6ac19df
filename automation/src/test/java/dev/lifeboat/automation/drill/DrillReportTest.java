package dev.lifeboat.automation.drill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.automation.drill.DrillReport.CheckResult;
import dev.lifeboat.automation.drill.DrillReport.Outcome;
import dev.lifeboat.automation.drill.DrillReport.Phase;
import dev.lifeboat.automation.drill.DrillTarget.Member;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.Shell;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** How a report is written. */
class DrillReportTest {
    private static final String HOSTILE = "<script>alert(1)</script> & \"quoted\" 'text' \u0001 \uD83D\uDE00";

    @TempDir
    Path dir;

    private Snapshot snapshot;

    @BeforeEach
    void snapshot() throws Exception {
        Files.writeString(Files.createDirectories(dir.resolve("files")).resolve("f"), "x");
        try (Repository repository = Repository.at(FileStorage.at(dir.resolve("repository")))
                .encryption(Encryption.none())
                .create()) {
            snapshot = repository
                    .backup(DirectorySource.of(dir.resolve("files")).named("shop <b>"))
                    .run();
            assertThat(repository.verify().run().findings()).isEmpty();
        }
    }

    private DrillReport report(boolean passed) {
        return new DrillReport(
                snapshot,
                "unix:///var/run/docker.sock",
                Instant.parse("2026-11-28T03:00:00Z"),
                List.of(
                        new Phase("restore until healthy", Duration.ofMillis(5), Duration.ofMillis(8200)),
                        new Phase("checks", Duration.ofMillis(8205), Duration.ofMillis(900)),
                        new Phase("remove all", Duration.ofMillis(9105), Duration.ofMillis(1200))),
                Optional.of(Duration.ofMillis(8200)),
                Duration.ofHours(26),
                List.of(
                        new Member("db", "HEALTHY", true, Duration.ofMillis(7100), ""),
                        new Member("web", passed ? "RUNNING" : "ENDED", passed, Duration.ofSeconds(1), HOSTILE)),
                List.of(
                        new CheckResult("there are orders", Outcome.PASSED, "1000", Duration.ofMillis(40)),
                        new CheckResult(
                                HOSTILE,
                                passed ? Outcome.PASSED : Outcome.TIMED_OUT,
                                "a very long word " + "x".repeat(300),
                                Duration.ofMillis(860))),
                List.of(new Problem(EntryPath.of("rootfs/db/tmp/s"), Problem.Kind.SKIPPED, HOSTILE)),
                0,
                List.of("container db: bind mount /etc/x is left out"),
                Map.of("volumes/data", "host path"),
                Optional.empty(),
                List.of(),
                Optional.empty());
    }

    private static Document xml(String text) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void junit_countsAndEscapes() throws Exception {
        Element suite = xml(report(false).toJUnitXml()).getDocumentElement();
        assertThat(suite.getAttribute("tests")).isEqualTo("8");
        assertThat(suite.getAttribute("failures")).isEqualTo("3");
        assertThat(suite.getElementsByTagName("testcase").getLength()).isEqualTo(8);
        assertThat(suite.getElementsByTagName("failure").getLength()).isEqualTo(3);
        Element check = (Element) suite.getElementsByTagName("testcase").item(4);
        assertThat(check.getAttribute("name")).isEqualTo(HOSTILE.replace('\u0001', '\uFFFD'));
        assertThat(xml(report(true).toJUnitXml()).getDocumentElement().getAttribute("failures"))
                .isEqualTo("0");
    }

    @Test
    void html_runsAndLoadsNothing() {
        String html = report(false).toHtml();
        assertThat(html).doesNotContain("<script").doesNotContain("http://").doesNotContain("https://");
        assertThat(html).doesNotContain("src=").doesNotContain("@import").doesNotContain("<link");
        assertThat(html)
                .contains("&lt;script&gt;")
                .contains("FAILED")
                .contains("1 d 2 h")
                .contains("8.2 s");
        assertThat(report(true).toHtml()).contains("PASSED").doesNotContain("Why it failed");
    }

    @Test
    void json_hasEverything() throws Exception {
        Path written = report(false).writeTo(dir.resolve("report"));
        assertThat(written).isRegularFile();
        String json = Files.readString(written.resolveSibling("drill.json"));
        assertThat(json).contains("\"passed\" : false", "\"timeToHealthy\" : 8.2", "\"dataAge\" : 93600.0");
        assertThat(json).contains("\"outcome\" : \"TIMED_OUT\"", "\"kind\" : \"SKIPPED\"", "is left out");
        try (var files = Files.list(dir.resolve("report"))) {
            assertThat(files).hasSize(3);
        }
    }

    /** In a real browser, as wide as a phone and a desk, in light and in dark: nothing is cut off, all is legible. */
    @Test
    @Tag("browser")
    void page_isReadInABrowser_atAnyWidth_lightAndDark() throws Exception {
        Path page = report(false).writeTo(dir.resolve("report"));
        for (int width : new int[] {360, 1280}) {
            for (boolean dark : new boolean[] {false, true}) {
                Map<String, String> seen = look(page, width, dark);
                assertThat(seen).as("%d px, dark: %s: %s", width, dark, seen).containsEntry("overflow", "0");
                assertThat(seen.get("text")).as("what is shown").contains("FAILED");
                double contrast = Double.parseDouble(seen.getOrDefault("contrast", "0"));
                assertThat(contrast)
                        .as("%d px, dark: %s: %s", width, dark, seen)
                        .isGreaterThan(4.5);
                assertThat(seen.get("dark")).isEqualTo(Boolean.toString(dark));
                assertThat(seen.get("bars")).isEqualTo("3");
            }
        }
    }

    /**
     * Has Chromium lay the page out, and a script, which the page itself forbids, measure it: in a copy of the page.
     */
    private Map<String, String> look(Path page, int width, boolean dark) throws Exception {
        String html = Files.readString(page)
                .replaceFirst("<meta http-equiv=[^>]*>", "")
                .replace("</body>", "<script>" + SCRIPT + "</script></body>");
        Path copy = Files.writeString(dir.resolve("copy.html"), html);
        String dom = Shell.sh("chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage"
                + " --user-data-dir=" + dir.resolve("profile") + " --virtual-time-budget=2000 --window-size=" + width
                + ",900 "
                + (dark ? "--blink-settings=preferredColorScheme=0 " : "--blink-settings=preferredColorScheme=1 ")
                + "--dump-dom file://" + copy + " 2>/dev/null");
        Map<String, String> seen = new TreeMap<>();
        Matcher values = Pattern.compile("data-seen-([a-z]+)=\"([^\"]*)\"").matcher(dom);
        while (values.find()) {
            seen.put(values.group(1), values.group(2));
        }
        return seen;
    }

    /** Contrast as WCAG 2 defines it; the least of all texts. */
    private static final String SCRIPT = """
            function rgb(c) { return c.match(/[\\d.]+/g).map(Number); }
            function lum(c) { const f = v => { v /= 255; return v <= .03928 ? v / 12.92 : Math.pow((v + .055) / 1.055, 2.4); };
              return .2126 * f(c[0]) + .7152 * f(c[1]) + .0722 * f(c[2]); }
            function paper(e) { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
              if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; }
            let least = 99, worst = '';
            for (const e of document.querySelectorAll('h1,h2,p,li,dt,dd,b,span,pre,small,time')) {
              if (!e.textContent.trim()) continue;
              const a = lum(rgb(getComputedStyle(e).color)), b = lum(paper(e));
              const c = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
              if (c < least) { least = c; worst = e.tagName + e.className; } }
            const r = document.documentElement;
            r.setAttribute('data-seen-overflow', Math.max(0, r.scrollWidth - innerWidth));
            r.setAttribute('data-seen-width', innerWidth);
            r.setAttribute('data-seen-contrast', least.toFixed(2));
            r.setAttribute('data-seen-worst', worst);
            r.setAttribute('data-seen-bars', document.querySelectorAll('svg rect.bar').length);
            r.setAttribute('data-seen-dark', matchMedia('(prefers-color-scheme: dark)').matches);
            r.setAttribute('data-seen-text', document.querySelector('.verdict').textContent);
            """;
}
