package dev.lifeboat.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every {@link StorageTarget} must give. Extend it, and say how to make an empty one. */
@Timeout(120)
public abstract class StorageTargetContract {
    private static final ObjectKey KEY = new ObjectKey("packs/ab/abcd");

    private StorageTarget target;

    /** For subclasses. */
    protected StorageTargetContract() {}

    /** Makes a store without objects. */
    protected abstract StorageTarget newEmptyTarget() throws Exception;

    /** Opens the same objects as another client does; the same instance where there is but one. */
    protected StorageTarget anotherClientOf(StorageTarget same) throws Exception {
        return same;
    }

    /**
     * Whether the store may be asked for a key below that of an object. A server that keeps objects as files may have
     * no answer; the engine never asks.
     */
    protected boolean asksBelowObjects() {
        return true;
    }

    /** So many objects that the store does not list them in one response. */
    protected int objectsOfSeveralPages() {
        return 2_345;
    }

    @BeforeEach
    void open() throws Exception {
        target = newEmptyTarget();
    }

    @AfterEach
    void close() throws IOException {
        target.close();
        target.close();
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private byte[] read(ObjectKey key, ByteRange range) throws IOException {
        try (InputStream in = target.open(key, range)) {
            return in.readAllBytes();
        }
    }

    @Test
    void put_thenOpen_givesTheBytes() throws IOException {
        for (int length : new int[] {0, 1, 4096, 65_537, 3_000_000}) {
            ObjectKey key = new ObjectKey("sizes/" + length);
            ObjectInfo info = target.put(key, Content.of(bytes(length)), PutCondition.ALWAYS);
            assertThat(info.length()).isEqualTo(length);
            assertThat(read(key, ByteRange.all())).isEqualTo(bytes(length));
        }
    }

    @Test
    void put_ofUnknownLength_storesAll() throws IOException {
        byte[] bytes = bytes(9_000_000);
        target.put(KEY, Content.once(new ByteArrayInputStream(bytes)), PutCondition.IF_ABSENT);
        assertThat(read(KEY, ByteRange.all())).isEqualTo(bytes);
        assertThat(target.find(KEY)).get().extracting(ObjectInfo::length).isEqualTo(9_000_000L);
    }

    @Test
    void put_always_replaces() throws IOException {
        target.put(KEY, Content.of(bytes(10)), PutCondition.ALWAYS);
        target.put(KEY, Content.of(bytes(20)), PutCondition.ALWAYS);
        assertThat(read(KEY, ByteRange.all())).isEqualTo(bytes(20));
    }

    @Test
    void put_whenKeyExists_keepsOldObject() throws IOException {
        target.put(KEY, Content.of(bytes(10)), PutCondition.IF_ABSENT);
        assertThatThrownBy(() -> target.put(KEY, Content.of(bytes(20)), PutCondition.IF_ABSENT))
                .isInstanceOf(PreconditionFailedException.class)
                .hasMessageContaining(KEY.value());
        assertThat(read(KEY, ByteRange.all())).isEqualTo(bytes(10));
    }

    @Test
    void put_whenContentFails_throwsTheSameAndKeepsOldState() throws IOException {
        IOException broken = new IOException("the source broke");
        assertThatThrownBy(() -> target.put(KEY, Content.once(failingAfter(100_000, broken)), PutCondition.IF_ABSENT))
                .isSameAs(broken);
        assertThat(target.find(KEY)).isEmpty();
        target.put(KEY, Content.of(bytes(5)), PutCondition.ALWAYS);
        assertThatThrownBy(() -> target.put(KEY, Content.once(failingAfter(7_000_000, broken)), PutCondition.ALWAYS))
                .isSameAs(broken);
        assertThat(read(KEY, ByteRange.all())).isEqualTo(bytes(5));
        assertThat(list("")).containsExactly(KEY.value());
    }

    /** Content that may be opened again, and fails each time: where it is opened, and where it is read. */
    @Test
    void put_whenRepeatableContentFails_throwsTheSame() throws IOException {
        IOException broken = new FileNotFoundException("the source broke");
        for (boolean inOpen : new boolean[] {true, false}) {
            Content failing = new Content() {
                @Override
                public OptionalLong length() {
                    return OptionalLong.of(200_000);
                }

                @Override
                public InputStream open() throws IOException {
                    if (inOpen) {
                        throw broken;
                    }
                    return failingAfter(100_000, broken);
                }

                @Override
                public boolean repeatable() {
                    return true;
                }
            };
            assertThatThrownBy(() -> target.put(KEY, failing, PutCondition.IF_ABSENT))
                    .isSameAs(broken);
            assertThat(target.find(KEY)).isEmpty();
        }
    }

    @SuppressWarnings("InputStreamSlowMultibyteRead")
    private static InputStream failingAfter(int length, IOException failure) {
        return new InputStream() {
            private int left = length;

            @Override
            public int read() throws IOException {
                if (left-- <= 0) {
                    throw failure;
                }
                return 7;
            }
        };
    }

    @Test
    void put_ifAbsentByManyAtOnce_letsExactlyOneWin() throws Exception {
        int writers = 8;
        ExecutorService pool = Executors.newFixedThreadPool(writers);
        try {
            for (int round = 0; round < 20; round++) {
                ObjectKey key = new ObjectKey("race/" + round);
                CountDownLatch start = new CountDownLatch(1);
                AtomicInteger winner = new AtomicInteger(-1);
                List<Future<?>> all = new ArrayList<>();
                for (int i = 0; i < writers; i++) {
                    int me = i;
                    StorageTarget client = anotherClientOf(target);
                    all.add(pool.submit(() -> {
                        start.await();
                        try {
                            client.put(key, Content.of(bytes(1000 + me)), PutCondition.IF_ABSENT);
                            assertThat(winner.getAndSet(me)).as("winner before").isEqualTo(-1);
                        } catch (PreconditionFailedException e) {
                            assertThat(e).hasMessageContaining(key.value());
                        }
                        return null;
                    }));
                }
                start.countDown();
                for (Future<?> one : all) {
                    one.get(60, TimeUnit.SECONDS);
                }
                assertThat(winner.get()).isNotNegative();
                assertThat(read(key, ByteRange.all())).isEqualTo(bytes(1000 + winner.get()));
            }
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void put_isSeenByOtherClientsAtOnce() throws Exception {
        StorageTarget other = anotherClientOf(target);
        target.put(KEY, Content.of(bytes(100)), PutCondition.IF_ABSENT);
        assertThat(other.find(KEY)).isPresent();
        List<String> seen = new ArrayList<>();
        other.list("packs/", object -> seen.add(object.key().value()));
        assertThat(seen).containsExactly(KEY.value());
        try (InputStream in = other.open(KEY, ByteRange.all())) {
            assertThat(in.readAllBytes()).isEqualTo(bytes(100));
        }
    }

    @Test
    void put_underWay_isNeverSeenInPart() throws Exception {
        byte[] whole = bytes(5_000_000);
        CountDownLatch halfway = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        InputStream slow = new ByteArrayInputStream(whole) {
            @Override
            public synchronized int read() {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public synchronized int read(byte[] b, int off, int len) {
                if (pos > count / 2) {
                    halfway.countDown();
                    awaitQuietly(goOn);
                }
                return super.read(b, off, len);
            }
        };
        ExecutorService pool = Executors.newSingleThreadExecutor();
        try {
            Future<?> put = pool.submit(() -> target.put(KEY, Content.once(slow), PutCondition.IF_ABSENT));
            assertThat(halfway.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(target.find(KEY)).isEmpty();
            assertThat(list("")).isEmpty();
            assertThatThrownBy(() -> target.open(KEY, ByteRange.all())).isInstanceOf(FileNotFoundException.class);
            goOn.countDown();
            put.get(60, TimeUnit.SECONDS);
            assertThat(read(KEY, ByteRange.all())).isEqualTo(whole);
        } finally {
            goOn.countDown();
            pool.shutdownNow();
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void put_whenInterrupted_storesNothing() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        InputStream endless = new InputStream() {
            @Override
            public int read() {
                reading.countDown();
                return 1;
            }

            @Override
            public int read(byte[] b, int off, int len) {
                reading.countDown();
                Arrays.fill(b, off, off + len, (byte) 1);
                return len;
            }
        };
        Throwable[] thrown = {null};
        Thread writer = new Thread(() -> {
            try {
                target.put(KEY, Content.once(endless), PutCondition.IF_ABSENT);
            } catch (IOException | RuntimeException e) {
                thrown[0] = e;
            }
        });
        writer.start();
        assertThat(reading.await(60, TimeUnit.SECONDS)).isTrue();
        writer.interrupt();
        writer.join(60_000);
        assertThat(writer.isAlive()).isFalse();
        assertThat(thrown[0]).isInstanceOf(InterruptedIOException.class);
        assertThat(target.find(KEY)).isEmpty();
    }

    @Test
    void open_ofRange_givesJustThat() throws IOException {
        byte[] bytes = bytes(10_000);
        target.put(KEY, Content.of(bytes), PutCondition.ALWAYS);
        assertThat(read(KEY, ByteRange.of(100, 50))).isEqualTo(Arrays.copyOfRange(bytes, 100, 150));
        assertThat(read(KEY, ByteRange.of(9_990, 50))).isEqualTo(Arrays.copyOfRange(bytes, 9_990, 10_000));
        assertThat(read(KEY, ByteRange.from(9_000))).isEqualTo(Arrays.copyOfRange(bytes, 9_000, 10_000));
        assertThat(read(KEY, ByteRange.of(10_000, 1))).isEmpty();
        assertThat(read(KEY, ByteRange.from(20_000))).isEmpty();
    }

    @Test
    void open_ofMissing_throwsFileNotFound() throws IOException {
        target.put(new ObjectKey("a/b"), Content.of(bytes(1)), PutCondition.ALWAYS);
        List<String> keys = new ArrayList<>(List.of("packs/none", "a", "none"));
        if (asksBelowObjects()) {
            keys.add("a/b/c");
        }
        for (String missing : keys) {
            assertThatThrownBy(() -> target.open(new ObjectKey(missing), ByteRange.all()))
                    .as(missing)
                    .isInstanceOf(FileNotFoundException.class)
                    .hasMessageContaining(missing)
                    .hasMessageContaining(target.location());
        }
    }

    @Test
    void find_tellsLengthAndTime() throws IOException {
        ObjectInfo put = target.put(KEY, Content.of(bytes(1234)), PutCondition.ALWAYS);
        ObjectInfo found = target.find(KEY).orElseThrow();
        assertThat(found.key()).isEqualTo(KEY);
        assertThat(found.length()).isEqualTo(1234);
        assertThat(found.lastModified())
                .isBetween(
                        put.lastModified().minusSeconds(60), put.lastModified().plusSeconds(60));
        assertThat(target.find(new ObjectKey("packs"))).isEmpty();
        if (asksBelowObjects()) {
            assertThat(target.find(new ObjectKey("packs/ab/abcd/e"))).isEmpty();
        }
    }

    private List<String> list(String prefix) throws IOException {
        List<String> keys = new ArrayList<>();
        target.list(prefix, object -> keys.add(object.key().value()));
        keys.sort(null);
        return keys;
    }

    @Test
    void list_givesEachKeyUnderThePrefixOnce() throws IOException {
        for (String key : List.of("a", "b/c", "b/d", "b/e/f", "bb/c", "b.c/d")) {
            target.put(new ObjectKey(key), Content.of(bytes(3)), PutCondition.ALWAYS);
        }
        assertThat(list("")).containsExactly("a", "b.c/d", "b/c", "b/d", "b/e/f", "bb/c");
        assertThat(list("b/")).containsExactly("b/c", "b/d", "b/e/f");
        assertThat(list("b/e/")).containsExactly("b/e/f");
        assertThat(list("none/")).isEmpty();
        assertThatThrownBy(() -> list("b")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void list_ofThousands_isComplete() throws IOException {
        int count = objectsOfSeveralPages();
        for (int i = 0; i < count; i++) {
            target.put(new ObjectKey("many/" + i % 7 + "/" + i), Content.of(new byte[0]), PutCondition.ALWAYS);
        }
        assertThat(list("many/")).hasSize(count).doesNotHaveDuplicates();
    }

    @Test
    void list_whenVisitorThrows_throwsTheSame() throws IOException {
        target.put(KEY, Content.of(bytes(1)), PutCondition.ALWAYS);
        IOException enough = new IOException("enough");
        assertThatThrownBy(() -> target.list("", object -> {
                    throw enough;
                }))
                .isSameAs(enough);
    }

    @Test
    void delete_removesWhatIsThere() throws IOException {
        target.put(KEY, Content.of(bytes(1)), PutCondition.ALWAYS);
        target.put(new ObjectKey("packs/ab/other"), Content.of(bytes(1)), PutCondition.ALWAYS);
        target.delete(List.of(KEY, new ObjectKey("packs/none")));
        if (asksBelowObjects()) {
            target.delete(List.of(new ObjectKey("packs/ab/other/none")));
        }
        target.delete(List.of());
        assertThat(list("")).containsExactly("packs/ab/other");
        target.put(KEY, Content.of(bytes(2)), PutCondition.IF_ABSENT);
        assertThat(read(KEY, ByteRange.all())).isEqualTo(bytes(2));
    }

    @Test
    void longestKey_works() throws IOException {
        String segment = "k".repeat(85);
        ObjectKey key = new ObjectKey(String.join("/", segment, segment, segment, segment, segment));
        target.put(key, Content.of(bytes(9)), PutCondition.IF_ABSENT);
        assertThat(read(key, ByteRange.all())).isEqualTo(bytes(9));
        assertThat(list("")).containsExactly(key.value());
    }

    @Test
    void location_isSaid() {
        assertThat(target.location()).isNotBlank();
    }
}
