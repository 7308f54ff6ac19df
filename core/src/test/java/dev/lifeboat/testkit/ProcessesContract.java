package dev.lifeboat.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Prune;
import dev.lifeboat.Repair;
import dev.lifeboat.Repository;
import dev.lifeboat.Retention;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.StorageTarget;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Several processes back up, verify, prune and repair one repository at once, and are killed at any time: nothing is
 * ever corrupt. For any store that more than one process can reach.
 */
@Timeout(900)
public abstract class ProcessesContract {
    private static final Encryption KEY = Encryption.key(() -> new byte[32]);
    private static final int PROCESSES = 4;

    /** With {@code -Dlifeboat.thrashSeconds=3600} for an hour. */
    private static final int SECONDS = Integer.getInteger("lifeboat.thrashSeconds", 25);
    /** What has to have happened before the test ends, however slow the machine is. */
    private static final int KILLS = 8;

    private static final int BACKUPS = 5;
    private static final int MAX_SECONDS = 600;
    /** A worker prints it when a step has ended. */
    private static final String STEP = "step";

    private static final String BACKUP = "backup";

    /** Opens a store in whatever process; public, with a public constructor without arguments. */
    @FunctionalInterface
    public interface Opener {
        /** Opens the store at a place that {@link ProcessesContract#newPlace} gave. */
        StorageTarget open(String place);
    }

    /** What opens the store. */
    protected abstract Class<? extends Opener> opener();

    /**
     * Makes a place where nothing is stored.
     *
     * @param scratch a directory that is removed after the test
     */
    protected abstract String newPlace(Path scratch);

    @RegisterExtension
    final ScratchDir scratch = new ScratchDir();

    @Test
    void manyProcesses_killedAtAnyTime_nothingIsCorrupt() throws Exception {
        Path logs = scratch.path();
        String place = newPlace(scratch.path());
        open(opener().getName(), place).close();
        Random random = new Random(7);
        List<Process> processes = new ArrayList<>();
        int seed = 0;
        int killed = 0;
        try {
            for (int i = 0; i < PROCESSES; i++) {
                processes.add(start(place, logs, seed++));
            }
            long begun = System.nanoTime();
            int[] seeds = {0, 1, 2, 3};
            while (seconds(begun) < SECONDS || killed < KILLS || count(logs, BACKUP) < BACKUPS) {
                assertThat(seconds(begun)).as(() -> output(logs)).isLessThan(MAX_SECONDS);
                Thread.sleep(500 + random.nextInt(1500));
                int victim = random.nextInt(PROCESSES);
                Process process = processes.get(victim);
                // One that has ended by itself has found something.
                assertThat(process.isAlive()).as(() -> output(logs)).isTrue();
                // On a slow machine most would be killed while they start; some are.
                Path log = logs.resolve(seeds[victim] + ".log");
                boolean works = Files.readString(log).contains(STEP);
                if (works || random.nextInt(8) == 0) {
                    process.destroyForcibly().waitFor();
                    killed++;
                    seeds[victim] = seed;
                    processes.set(victim, start(place, logs, seed++));
                }
            }
        } finally {
            for (Process process : processes) {
                process.destroyForcibly().waitFor();
            }
        }
        try (Repository repo = open(opener().getName(), place)) {
            assertThat(repo.verify().readData().run().findings()).isEmpty();
            List<Snapshot> snapshots = repo.snapshots();
            assertThat(snapshots).isNotEmpty();
            for (Snapshot snapshot : snapshots) {
                check(repo, snapshot);
            }
            repo.prune(Retention.keepLast(1)).endBackupsOlderThan(Duration.ZERO).run();
            Prune.Pruned again = repo.prune(Retention.keepLast(1)).run();
            assertThat(again.bytesFreed()).isZero();
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }

    private static long seconds(long begun) {
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun);
    }

    private static long count(Path logs, String word) {
        return output(logs).lines().filter(word::equals).count();
    }

    private static Repository open(String opener, String place) throws ReflectiveOperationException {
        Opener opens = Class.forName(opener)
                .asSubclass(Opener.class)
                .getDeclaredConstructor()
                .newInstance();
        return Repository.at(opens.open(place)).encryption(KEY).openOrCreate();
    }

    private static String output(Path logs) {
        StringBuilder out = new StringBuilder();
        for (File file : Optional.ofNullable(logs.toFile().listFiles((d, name) -> name.endsWith(".log")))
                .orElse(new File[0])) {
            try {
                out.append(Files.readString(file.toPath()));
            } catch (IOException e) {
                out.append(e);
            }
        }
        return out.toString();
    }

    private Process start(String place, Path logs, int seed) throws IOException {
        return ChildJvm.start(Worker.class, "128m", logs.resolve(seed + ".log"), opener().getName(), place, "" + seed);
    }

    private static void check(Repository repo, Snapshot snapshot) {
        int version = Integer.parseInt(snapshot.tags().get("version"));
        MemoryTree back = new MemoryTree();
        repo.restore(snapshot).to(back).run();
        if (!back.lines().equals(tree(version).lines())) {
            throw new AssertionError(
                    "snapshot " + snapshot.id().value() + " of version " + version + " came back as another");
        }
    }

    /** Trees of which neighbours share most of what is in them. */
    private static MemoryTree tree(int version) {
        MemoryTree tree = new MemoryTree();
        for (int i = 0; i < 40; i++) {
            int content = version % 7 + i / 2 * 7 + (i % 5 == 0 ? version * 1000 : 0);
            tree.add(
                    Entry.file(EntryPath.of("f" + i), 0, MemoryTree.attributes(0644))
                            .withFingerprint(Optional.of("v" + content)),
                    MemoryTree.random(content, i == 3 ? 700_000 : 20_000));
        }
        return tree;
    }

    /** What runs in each process. */
    static final class Worker {
        private Worker() {}

        public static void main(String[] args) throws ReflectiveOperationException {
            Random random = new Random(Integer.parseInt(args[2]));
            try (Repository repo = open(args[0], args[1])) {
                while (true) {
                    step(repo, random);
                    System.out.println(STEP);
                }
            }
        }

        private static void step(Repository repo, Random random) {
            int version = random.nextInt(50);
            try {
                switch (random.nextInt(7)) {
                    case 0 ->
                        repo.prune(Retention.keepLast(2))
                                .endBackupsOlderThan(Duration.ofSeconds(random.nextInt(10)))
                                .run();
                    case 1 -> {
                        var findings = repo.verify().readData().run().findings();
                        if (!findings.isEmpty()) {
                            throw new AssertionError("damage: " + findings);
                        }
                    }
                    case 2 ->
                        repo.snapshots().stream().findAny().ifPresent(snapshot -> checkUnlessPruned(repo, snapshot));
                    case 3 -> {
                        // Nothing is damaged, so nothing that prunes and backups do beside it may look like that.
                        Repair.Repaired repaired = repo.repair().run();
                        if (!repaired.quarantined().isEmpty()
                                || !repaired.postponed().isEmpty()) {
                            throw new AssertionError("taken for damaged: " + repaired);
                        }
                    }
                    default -> {
                        repo.backup(NamedSource.of("series-" + random.nextInt(3), tree(version)))
                                .tag("version", "" + version)
                                .run();
                        System.out.println(BACKUP);
                    }
                }
            } catch (BackupException.SessionEnded e) {
                // A prune of another process ended it, whose patience is some seconds.
                return;
            }
        }

        private static void checkUnlessPruned(Repository repo, Snapshot snapshot) {
            try {
                check(repo, snapshot);
            } catch (BackupException | AssertionError e) {
                if (repo.snapshots().contains(snapshot)) {
                    throw e;
                }
            }
        }
    }
}
