package dev.lifeboat.http;

import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.http.crt.AwsCrtHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3BaseClientBuilder;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;

/**
 * Sends the requests of a backup and a restore to a bucket, through one of the SDK's HTTP clients, and prints a row of
 * measurements. Each client runs in its own process.
 */
public final class HttpClients {
    private static final int PACK_BYTES = 16 << 20;
    private static final int PACKS = 16;
    private static final int SMALL_BYTES = 4096;
    private static final int SMALL = 800;
    private static final int RANGES = 200;
    private static final Map<String, Supplier<SdkHttpClient.Builder<?>>> CLIENTS = Map.of(
            "apache5", () -> Apache5HttpClient.builder().maxConnections(16),
            "url-connection", UrlConnectionHttpClient::builder,
            "crt", () -> AwsCrtHttpClient.builder().maxConcurrency(16));

    private HttpClients() {}

    /** The two measured calls. */
    private interface Client extends AutoCloseable {
        void put(String key, byte[] content);

        InputStream open(String key, String range);

        @Override
        void close();
    }

    private static <B extends S3BaseClientBuilder<B, ?>> B described(B builder) {
        return builder.endpointOverride(URI.create(System.getenv("LIFEBOAT_S3_ENDPOINT")))
                .forcePathStyle(true)
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(
                        System.getenv("LIFEBOAT_S3_ACCESS_KEY"), System.getenv("LIFEBOAT_S3_SECRET_KEY"))));
    }

    private static PutObjectRequest put(String key) {
        return PutObjectRequest.builder()
                .bucket(System.getenv("LIFEBOAT_S3_BUCKET"))
                .key(key)
                .build();
    }

    private static GetObjectRequest get(String key, String range) {
        return GetObjectRequest.builder()
                .bucket(System.getenv("LIFEBOAT_S3_BUCKET"))
                .key(key)
                .range(range)
                .build();
    }

    private static Client client(String name) {
        if (name.equals("netty")) {
            S3AsyncClient s3 = described(S3AsyncClient.builder())
                    .httpClientBuilder(NettyNioAsyncHttpClient.builder().maxConcurrency(16))
                    .build();
            return new Client() {
                @Override
                public void put(String key, byte[] content) {
                    s3.putObject(HttpClients.put(key), AsyncRequestBody.fromBytes(content))
                            .join();
                }

                @Override
                public InputStream open(String key, String range) {
                    return s3.getObject(get(key, range), AsyncResponseTransformer.toBlockingInputStream())
                            .join();
                }

                @Override
                public void close() {
                    s3.close();
                }
            };
        }
        S3Client s3 = described(S3Client.builder())
                .httpClientBuilder(CLIENTS.get(name).get())
                .build();
        return new Client() {
            @Override
            public void put(String key, byte[] content) {
                s3.putObject(HttpClients.put(key), RequestBody.fromBytes(content));
            }

            @Override
            public InputStream open(String key, String range) {
                return s3.getObject(get(key, range));
            }

            @Override
            public void close() {
                s3.close();
            }
        };
    }

    private interface Act {
        void run(int number) throws IOException;
    }

    /** Returns the seconds for the given number of calls, on the given number of threads. */
    private static double seconds(int count, int threads, Act act) throws InterruptedException, ExecutionException {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            return seconds(count, executor, act);
        } finally {
            executor.shutdownNow();
        }
    }

    private static double seconds(int count, ExecutorService executor, Act act)
            throws InterruptedException, ExecutionException {
        long start = System.nanoTime();
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = i;
            all.add(executor.submit(() -> {
                act.run(number);
                return null;
            }));
        }
        for (Future<?> one : all) {
            one.get();
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private static void read(InputStream in, long expected) throws IOException {
        try (in) {
            byte[] buffer = new byte[1 << 16];
            long read = 0;
            for (int n; (n = in.read(buffer)) >= 0; ) {
                read += n;
            }
            if (read != expected) {
                throw new IOException("read " + read + " bytes, expected " + expected);
            }
        }
    }

    private static long peakMegabytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .findFirst()
                .orElseThrow();
    }

    /** Takes the name of the client and an unused prefix. */
    public static void main(String[] args) throws Exception {
        String prefix = args[1];
        byte[] pack = new byte[PACK_BYTES];
        new Random(1).nextBytes(pack);
        byte[] small = new byte[SMALL_BYTES];
        try (Client client = client(args[0])) {
            client.put(prefix + "/first", small);
            long first = System.currentTimeMillis()
                    - ManagementFactory.getRuntimeMXBean().getStartTime();
            double puts = seconds(PACKS, 3, i -> client.put(prefix + "/pack" + i, pack));
            double gets = seconds(PACKS, 3, i -> read(client.open(prefix + "/pack" + i, null), PACK_BYTES));
            double smallPuts = seconds(SMALL, 8, i -> client.put(prefix + "/small" + i, small));
            double smallGets = seconds(SMALL, 8, i -> read(client.open(prefix + "/small" + i, null), SMALL_BYTES));
            double ranges = seconds(RANGES, 8, i -> {
                long from = (long) i * 65_536;
                read(
                        client.open(prefix + "/pack" + i % PACKS, "bytes=" + from + "-" + (from + 262_143)),
                        Math.min(262_144, PACK_BYTES - from));
            });
            double cpu = ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                            .getProcessCpuTime()
                    / 1e9;
            double megabytes = (double) PACKS * PACK_BYTES / 1e6;
            System.out.println(String.format(
                    Locale.ROOT,
                    "%s %d %.0f %.0f %.0f %.0f %.0f %.1f %d",
                    args[0],
                    first,
                    megabytes / puts,
                    megabytes / gets,
                    SMALL / smallPuts,
                    SMALL / smallGets,
                    RANGES / ranges,
                    cpu,
                    peakMegabytes()));
        }
    }
}
