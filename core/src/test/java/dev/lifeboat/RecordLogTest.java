package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.testkit.MemoryStorage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RecordLogTest {
    private final MemoryStorage storage = new MemoryStorage();
    private final Repository repository = Repository.at(storage)
            .encryption(Encryption.passphrase(() -> "correct horse"))
            .create();

    @AfterEach
    void repositoryIsWhole() {
        assertThat(repository.verify().readData().run().findings()).isEmpty();
        repository.close();
    }

    @Test
    void entries_areNumberedAndStay() {
        RecordLog log = repository.log("nightly");
        assertThat(log.last()).isEmpty();
        assertThat(log.append(0, Map.of("a", "1"))).map(RecordLog.Entry::number).contains(1L);
        assertThat(log.append(0, Map.of("a", "other"))).isEmpty();
        assertThat(log.append(1, Map.of("a", "2"))).isPresent();
        assertThat(log.append(5, Map.of("a", "gap"))).isEmpty();
        assertThat(repository.log("nightly").last()).contains(new RecordLog.Entry(2, Map.of("a", "2")));
        assertThat(log.newest(10)).extracting(entry -> entry.get("a")).containsExactly("2", "1");
        assertThat(log.newest(1)).extracting(RecordLog.Entry::number).containsExactly(2L);
        assertThat(log.after(1)).extracting(RecordLog.Entry::number).containsExactly(2L);
        assertThat(log.after(2)).isEmpty();
        assertThat(repository.log("other").last()).isEmpty();
    }

    @Test
    void trimmedLog_goesOn_andStaleWritersAreSeen() {
        RecordLog log = repository.log("nightly");
        for (int i = 0; i < 10; i++) {
            assertThat(log.append(i, Map.of("n", "" + i))).isPresent();
        }
        log.trim(2);
        assertThat(log.newest(100)).extracting(RecordLog.Entry::number).containsExactly(10L, 9L);
        assertThat(log.append(3, Map.of())).isEmpty();
        assertThat(log.append(10, Map.of())).isPresent();
        assertThatThrownBy(() -> log.trim(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void ofManyWriters_oneSucceeds() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            for (long after = 0; after < 20; after++) {
                List<Callable<Optional<RecordLog.Entry>>> writers = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    long number = after;
                    String writer = "" + i;
                    writers.add(() -> repository.log("raced").append(number, Map.of("writer", writer)));
                }
                int succeeded = 0;
                for (Future<Optional<RecordLog.Entry>> result : threads.invokeAll(writers)) {
                    succeeded += result.get().isPresent() ? 1 : 0;
                }
                assertThat(succeeded).isEqualTo(1);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(repository.log("raced").newest(100)).hasSize(20);
    }

    @Test
    void storeSeesNoNameAndNoValue() throws Exception {
        repository.log("secret-name").append(0, Map.of("secret-field", "secret-value"));
        List<ObjectKey> keys = new ArrayList<>();
        storage.list("logs/", object -> keys.add(object.key()));
        assertThat(keys).hasSize(1);
        assertThat(keys.get(0).value()).matches("logs/[0-9a-f]{8}/0{15}1").doesNotContain("secret");
        String stored = new String(storage.open(keys.get(0), ByteRange.all()).readAllBytes(), StandardCharsets.UTF_8);
        assertThat(stored).doesNotContain("secret");
    }

    @Test
    void names_areChecked() {
        assertThatThrownBy(() -> repository.log("")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> repository.log("x".repeat(256))).isInstanceOf(IllegalArgumentException.class);
    }
}
