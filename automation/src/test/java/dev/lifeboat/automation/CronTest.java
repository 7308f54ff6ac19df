package dev.lifeboat.automation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CronTest {
    private static List<String> times(Cron cron, String after, int count) {
        List<String> times = new ArrayList<>();
        Instant time = Instant.parse(after);
        for (int i = 0; i < count; i++) {
            time = cron.next(time).orElseThrow();
            times.add(time.toString());
        }
        return times;
    }

    /** Clocks of Berlin skip 2:00 to 3:00 on 29 March 2026, at 1:00Z, and show it twice on 25 October. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            30 2 * * *   | 2026-03-28T00:00:00Z | 2026-03-28T01:30:00Z 2026-03-29T01:00:00Z 2026-03-30T00:30:00Z
            0 2 * * *    | 2026-03-28T12:00:00Z | 2026-03-29T01:00:00Z 2026-03-30T00:00:00Z
            0 3 * * *    | 2026-03-28T12:00:00Z | 2026-03-29T01:00:00Z 2026-03-30T01:00:00Z
            */30 * * * * | 2026-03-29T00:10:00Z | 2026-03-29T00:30:00Z 2026-03-29T01:00:00Z 2026-03-29T01:30:00Z
            30 2 * * *   | 2026-10-24T12:00:00Z | 2026-10-25T00:30:00Z 2026-10-26T01:30:00Z
            0 * * * *    | 2026-10-24T23:30:00Z | 2026-10-25T00:00:00Z 2026-10-25T01:00:00Z 2026-10-25T02:00:00Z
            @daily       | 2026-11-28T00:00:00Z | 2026-11-28T23:00:00Z 2026-11-29T23:00:00Z
            0 3 * * MON  | 2026-11-28T00:00:00Z | 2026-11-30T02:00:00Z 2026-12-07T02:00:00Z
            0 0 29 2 *   | 2026-11-28T00:00:00Z | 2028-02-28T23:00:00Z 2032-02-28T23:00:00Z""")
    void times_areThoseOfClocksOnTheWall(String expression, String after, String expected) {
        List<String> due = List.of(expected.split(" "));
        assertThat(times(Cron.of(expression, "Europe/Berlin"), after, due.size()))
                .isEqualTo(due);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0 3 * * *", "30 2 * * *", "*/7 * * * *", "0 0 1 * *", "15 2 * * SUN"})
    void lastWithin_agreesWithNext(String expression) {
        Cron cron = Cron.of(expression, "Europe/Berlin");
        Random random = new Random(expression.hashCode());
        for (int i = 0; i < 300; i++) {
            Instant after = Instant.parse("2026-03-20T00:00:00Z").plusSeconds(random.nextInt(20 * 86400));
            Instant until = after.plusSeconds(random.nextInt(expression.startsWith("*") ? 86400 : 40 * 86400));
            Optional<Instant> expected = Optional.empty();
            for (Optional<Instant> next = cron.next(after);
                    next.isPresent() && !next.get().isAfter(until);
                    next = cron.next(next.get())) {
                expected = next;
            }
            assertThat(cron.lastWithin(after, until)).as(after + " " + until).isEqualTo(expected);
        }
    }

    @Test
    void whatIsNotDueAtAll_isRefused() {
        assertThatThrownBy(() -> Cron.of("0 0 30 2 *", "UTC")).hasMessageContaining("never due");
        assertThatThrownBy(() -> Cron.of("0 3 * * *", "Europe/Atlantis"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Europe/Atlantis");
        for (String wrong : List.of("", "61 * * * *", "* * * *", "0 0 0 * * ?", "nonsense", "@never")) {
            assertThatThrownBy(() -> Cron.of(wrong, "UTC"))
                    .as(wrong)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("'" + wrong + "'");
        }
    }

    @Test
    void backoff_doublesUpToAnHour() {
        FailurePolicy policy = FailurePolicy.retry(9, Duration.ofMinutes(10));
        assertThat(List.of(policy.pauseAfter(1), policy.pauseAfter(2), policy.pauseAfter(3), policy.pauseAfter(4)))
                .containsExactly(
                        Duration.ofMinutes(10), Duration.ofMinutes(20), Duration.ofMinutes(40), Duration.ofHours(1));
        assertThat(FailurePolicy.retry(3, Duration.ofHours(2)).pauseAfter(2)).isEqualTo(Duration.ofHours(2));
    }
}
