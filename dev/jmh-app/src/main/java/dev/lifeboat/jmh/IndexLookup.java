package dev.lifeboat.jmh;

import dev.lifeboat.internal.index.NameSet;
import dev.lifeboat.internal.pack.ChunkName;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Lookup of a chunk by name among many. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class IndexLookup {
    @Param({"100000", "1000000"})
    private int count;

    private final NameSet names = new NameSet();
    private final ChunkName[] sample = new ChunkName[1 << 16];
    private int next;

    @Setup
    public void fill() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < count; i++) {
            byte[] name = new byte[ChunkName.BYTES];
            random.nextBytes(name);
            names.add(ChunkName.of(name));
            sample[i % sample.length] = ChunkName.of(name);
        }
    }

    @Benchmark
    public boolean contains() {
        return names.contains(sample[next++ & sample.length - 1]);
    }
}
