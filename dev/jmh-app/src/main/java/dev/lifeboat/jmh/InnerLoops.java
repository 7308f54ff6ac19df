package dev.lifeboat.jmh;

import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.format.RepositoryKeys.Right;
import dev.lifeboat.format.RepositoryKeys.SealingKey;
import dev.lifeboat.internal.pack.GearChunker;
import dev.lifeboat.internal.pack.Naming;
import dev.lifeboat.internal.seal.KeyBundle;
import dev.lifeboat.internal.seal.SealedKeys;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The work on each MiB of content, so that operations per second are MiB per second. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class InnerLoops {
    private static final int LENGTH = 1 << 20;

    private final byte[] random = new byte[LENGTH];
    private final byte[] sealed = new byte[2 * LENGTH];
    private final byte[] opened = new byte[2 * LENGTH];
    private GearChunker chunker;
    private Naming naming;
    private SealingKey key;
    private int sealedLength;

    @Setup
    public void prepare() {
        SecureRandom secure = new SecureRandom();
        RepositoryKeys keys = new SealedKeys(new byte[16], KeyBundle.generate(secure), secure);
        chunker = new GearChunker(keys.derive("chunker", GearChunker.SEED_BYTES), 1 << 18, LENGTH, 1 << 22);
        naming = new Naming(keys);
        key = keys.newKey(Right.READ);
        new Random(1).nextBytes(random);
        sealedLength = key.seal(0, new byte[16], random, 0, LENGTH, sealed, 0);
    }

    @Benchmark
    public int cut() {
        int cuts = 0;
        for (int at = 0; at < LENGTH; cuts++) {
            at += chunker.cut(random, at, LENGTH - at);
        }
        return cuts;
    }

    @Benchmark
    public byte[] name() {
        return naming.piece(random, 0, LENGTH);
    }

    @Benchmark
    public int seal() {
        return key.seal(0, new byte[16], random, 0, LENGTH, opened, 0);
    }

    @Benchmark
    public int open() throws IOException {
        return key.open(0, new byte[16], sealed, 0, sealedLength, opened, 0);
    }
}
