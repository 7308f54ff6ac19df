package dev.lifeboat.oci.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.oci.internal.client.Body;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.registry.RegistryException;
import dev.lifeboat.oci.testkit.RegistryProxy;
import dev.lifeboat.oci.testkit.TestRegistry;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Several writers of one repository of a real registry. */
@Tag("registry")
@Timeout(120)
@SuppressWarnings("try") // Writers are closed in the middle, to see what follows.
class WriterLeaseTest {
    private static final ObjectKey KEY = new ObjectKey("packs/ab/abcd");
    private static final ObjectKey OTHER = new ObjectKey("packs/ab/other");

    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    private TestRegistry registry;

    @BeforeEach
    void start() throws Exception {
        registry = TestRegistry.plain(dir.resolve("registry"));
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    private RegistryObjects writer() throws IOException {
        return RegistryObjectsContractTest.objects(registry.url(), RegistryObjectsContractTest.SHORT);
    }

    private static void put(RegistryObjects objects, ObjectKey key) throws IOException {
        objects.put(key, Content.of(new byte[100]), PutCondition.IF_ABSENT);
    }

    @Test
    void aSecondWriter_isRefused_untilTheFirstIsDone_andReadersAreNot() throws Exception {
        try (RegistryObjects first = writer();
                RegistryObjects second = writer()) {
            put(first, KEY);
            assertThatThrownBy(() -> put(second, OTHER))
                    .isInstanceOf(RegistryException.class)
                    .hasMessageContainingAll(
                            "store packs/ab/other in " + first.location(),
                            "process " + ProcessHandle.current().pid() + " on ",
                            " writes to it",
                            "one writer at a time");
            assertThat(second.find(OTHER)).isEmpty();
            assertThat(second.find(KEY)).isPresent();
            first.close();
            put(second, OTHER);
            assertThatThrownBy(() -> put(first, new ObjectKey("late"))).hasMessageContaining("is closed");
        }
    }

    @Test
    void ofManyThatClaimAtOnce_oneWrites() throws Exception {
        List<RegistryObjects> writers = new ArrayList<>();
        ExecutorService pool = Executors.newFixedThreadPool(6);
        try {
            CountDownLatch start = new CountDownLatch(1);
            List<Future<Boolean>> all = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                RegistryObjects writer = writer();
                writers.add(writer);
                ObjectKey key = new ObjectKey("packs/" + i);
                all.add(pool.submit(() -> {
                    start.await();
                    try {
                        put(writer, key);
                        return true;
                    } catch (RegistryException e) {
                        assertThat(e).hasMessageContaining("claim " + writer.location());
                        return false;
                    }
                }));
            }
            start.countDown();
            int wrote = 0;
            for (Future<Boolean> one : all) {
                wrote += one.get(60, TimeUnit.SECONDS) ? 1 : 0;
            }
            // None, if each was overtaken too often.
            assertThat(wrote).isLessThanOrEqualTo(1);
        } finally {
            pool.shutdownNow();
            writers.forEach(RegistryObjects::close);
        }
        try (RegistryObjects later = writer()) {
            put(later, KEY);
        }
    }

    @Test
    void aWriterThatUploadsForLong_keepsTheRight_andCloseEndsIt() throws Exception {
        ExecutorService pool = Executors.newSingleThreadExecutor();
        try (RegistryProxy proxy = new RegistryProxy(registry.url());
                RegistryObjects first =
                        RegistryObjectsContractTest.objects(proxy.url(), RegistryObjectsContractTest.SHORT);
                RegistryObjects second = writer()) {
            CountDownLatch goOn = new CountDownLatch(1);
            CountDownLatch uploading = new CountDownLatch(1);
            proxy.setFault(exchange -> {
                if (exchange.getRequestMethod().equals("PUT")
                        && exchange.getRequestURI().getPath().contains("/blobs/uploads/")
                        && exchange.getRequestHeaders()
                                .getFirst("Content-Length")
                                .equals("100")) {
                    uploading.countDown();
                    awaitQuietly(goOn);
                }
                return false;
            });
            Future<?> slow = pool.submit(() -> {
                put(first, KEY);
                return true;
            });
            assertThat(uploading.await(60, TimeUnit.SECONDS)).isTrue();
            Thread.sleep(RegistryObjectsContractTest.SHORT.expire().toMillis());
            assertThatThrownBy(() -> put(second, OTHER)).hasMessageContaining("one writer at a time");
            goOn.countDown();
            slow.get(60, TimeUnit.SECONDS);
            assertThat(second.find(KEY)).isPresent();

            CountDownLatch again = new CountDownLatch(1);
            CountDownLatch naming = new CountDownLatch(1);
            proxy.setFault(exchange -> {
                if (exchange.getRequestMethod().equals("PUT")
                        && exchange.getRequestURI().toString().contains(KeyTag.of(OTHER))) {
                    naming.countDown();
                    awaitQuietly(again);
                }
                return false;
            });
            Future<?> closed = pool.submit(() -> {
                put(first, OTHER);
                return true;
            });
            assertThat(naming.await(60, TimeUnit.SECONDS)).isTrue();
            first.close();
            again.countDown();
            assertThatThrownBy(() -> closed.get(60, TimeUnit.SECONDS)).hasMessageContaining("has lost the right");
            assertThat(second.find(OTHER)).isEmpty();
            put(second, OTHER);
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void aWriterThatIsIdle_givesTheRightBack_andClaimsItAgain() throws Exception {
        try (RegistryObjects first = writer();
                RegistryObjects second = writer()) {
            put(first, KEY);
            Thread.sleep(RegistryObjectsContractTest.SHORT.expire().toMillis());
            put(second, OTHER);
            second.close();
            put(first, new ObjectKey("again"));
        }
    }

    @Test
    void theClaimOfAProcessElsewhereThatEnded_isVoidAfterSomeTime() throws Exception {
        RegistryClient client = RegistryObjectsContractTest.client(registry.url());
        client.upload("backups/shop", ObjectManifest.EMPTY_DIGEST, Body.of(ObjectManifest.EMPTY));
        client.putManifest(
                "backups/shop",
                WriterLease.TAG,
                new Claim("77.elsewhere.01234567", "elsewhere").after(Optional.empty()));
        long start = System.nanoTime();
        try (RegistryObjects writer = writer()) {
            put(writer, KEY);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isGreaterThan(RegistryObjectsContractTest.SHORT.expire());
    }

    /** Writes an object, and waits to be killed. */
    static final class Writer {
        private Writer() {}

        /** Takes the address of a registry. */
        public static void main(String[] args) throws Exception {
            RegistryObjects objects = RegistryObjectsContractTest.objects(args[0], LeaseTiming.USUAL);
            put(objects, KEY);
            System.out.println("written");
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    @Test
    void theClaimOfAKilledProcess_isVoidAtOnce() throws Exception {
        Path log = dir.resolve("child.log");
        Process child = ChildJvm.start(Writer.class, "64m", log, registry.url());
        while (!Files.readString(log).contains("written")) {
            assertThat(child.isAlive()).as(Files.readString(log)).isTrue();
            Thread.sleep(50);
        }
        child.destroyForcibly().waitFor();
        long start = System.nanoTime();
        try (RegistryObjects writer = writer()) {
            put(writer, OTHER);
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isLessThan(RegistryObjectsContractTest.SHORT.expire());
            assertThatThrownBy(() -> put(writer, KEY)).hasMessageContaining("exists already");
        }
    }

    @Test
    void aWriterThatWasCutOff_storesNothingOnceAnotherHasTakenOver() throws Exception {
        try (RegistryProxy proxy = new RegistryProxy(registry.url());
                RegistryObjects cutOff =
                        RegistryObjectsContractTest.objects(proxy.url(), RegistryObjectsContractTest.SHORT);
                RegistryObjects second = writer()) {
            CountDownLatch naming = new CountDownLatch(1);
            CountDownLatch goOn = new CountDownLatch(1);
            String tag = "/manifests/" + KeyTag.of(KEY);
            proxy.setFault(exchange -> {
                String request = exchange.getRequestURI().toString();
                if (exchange.getRequestMethod().equals("PUT") && request.contains(tag)) {
                    naming.countDown();
                    awaitQuietly(goOn);
                } else if (exchange.getRequestMethod().equals("PUT")
                        && request.contains(WriterLease.TAG)
                        && naming.getCount() == 0) {
                    RegistryProxy.respond(exchange, 503, new byte[0]);
                    return true;
                }
                return false;
            });
            ExecutorService pool = Executors.newSingleThreadExecutor();
            try {
                Future<?> late = pool.submit(() -> {
                    put(cutOff, KEY);
                    return true;
                });
                assertThat(naming.await(60, TimeUnit.SECONDS)).isTrue();
                put(second, OTHER);
                goOn.countDown();
                assertThatThrownBy(() -> late.get(60, TimeUnit.SECONDS))
                        .hasRootCauseInstanceOf(RegistryException.class)
                        .hasMessageContaining("has lost the right to write");
                assertThat(second.find(KEY)).isEmpty();
                put(second, KEY);
            } finally {
                goOn.countDown();
                pool.shutdownNow();
            }
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
