package dev.lifeboat.format.chunked;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A model of docs/FORMAT.md, section 12, in which every interleaving of writers, prunes, forgotten snapshots and
 * aborted outcomes is tried; a process that stops, stops anywhere, for a state in which it does nothing more is among
 * them. There is one chunk, and any number of packs that hold it. What must hold: a snapshot that is there finds the
 * chunk in a pack that is there.
 */
class PruneProtocolTest {
    /** What the protocol may not do without: each left out is found out by the model. */
    enum Sabotage {
        /** Writers trust an index that may be old, and do not list the packs. */
        NO_LISTING,
        /** Writers do not read the pending deletion records. */
        NO_RECORDS,
        /** Prunes do not wait for sessions that may not have seen their record. */
        NO_WAITING,
        /** Prunes count on packs that are pending deletions of another prune. */
        TRUST_PENDING,
        /** Prunes drop any record they find, though its prune may still act on it. */
        DROP_RUNNING,
        /** Prunes look at the snapshots only once, before they condemn. */
        MARK_ONCE
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 900", "2, 1, 30000", "1, 2, 270000"})
    void everyInterleaving_keepsWhatSnapshotsNeed(int writers, int prunes, long states) {
        Model model = new Model(writers, prunes, EnumSet.noneOf(Sabotage.class));
        assertThat(model.explore(model.start())).isEmpty();
        assertThat(model.states).isGreaterThan(states);
    }

    /** 54 million states, which take memory that tests do not have as a rule. */
    @Test
    @Tag("large")
    void everyInterleavingOfTwoAndTwo_keepsWhatSnapshotsNeed() {
        everyInterleaving_keepsWhatSnapshotsNeed(2, 2, 50_000_000);
    }

    @ParameterizedTest
    @EnumSource(Sabotage.class)
    void withoutAnyOfItsParts_theProtocolLosesData(Sabotage sabotage) {
        Model model = new Model(2, 2, EnumSet.of(sabotage));
        assertThat(model.explore(model.underWay()))
                .as("%s should be found out", sabotage)
                .isPresent();
    }

    /** Explores depth first. A state is an array of numbers; sets are bits. */
    private static final class Model {
        private static final int PRESENT = 0;
        private static final int INDEX = 1;
        private static final int FIRST_SNAPSHOT = 2;
        private static final int WRITERS = 3;
        /** Fields of a writer. */
        private static final int PC = 0;

        private static final int SEEN = 1;
        private static final int LISTED = 2;
        private static final int STATUS = 3;
        private static final int WRITER_FIELDS = 4;

        /** What became of a session or snapshot; 0 if it has not begun. */
        private static final int OPEN = 1;

        private static final int VOID = 2;
        private static final int SNAPSHOT = 3;
        private static final int FORGOTTEN = 4;

        /** Fields of a prune; PC is the same. */
        private static final int RECORD = 1;

        private static final int LAST_WORD = 2;
        private static final int SESSIONS = 3;
        private static final int PACKS = 4;
        private static final int GOING = 5;
        private static final int READY = 6;
        private static final int NEEDED = 7;
        private static final int RECORDS_BEFORE = 8;

        private final int writers;
        private final int prunes;
        private final Set<Sabotage> sabotage;
        private final int pruneFields;
        private final LongPairs seen = new LongPairs();
        private long states;

        Model(int writers, int prunes, Set<Sabotage> sabotage) {
            this.writers = writers;
            this.prunes = prunes;
            this.sabotage = sabotage;
            this.pruneFields = RECORDS_BEFORE + 2 * prunes;
        }

        private int writer(int i) {
            return WRITERS + i * WRITER_FIELDS;
        }

        private int prune(int j) {
            return WRITERS + writers * WRITER_FIELDS + j * pruneFields;
        }

        private static int packOfWriter(int i) {
            return 1 << 1 + i;
        }

        private int packOfPrune(int j) {
            return 1 << 1 + writers + j;
        }

        /** One snapshot in one pack, and no process has begun. */
        int[] start() {
            int[] start = new int[prune(prunes)];
            start[PRESENT] = 1;
            start[INDEX] = 1;
            start[FIRST_SNAPSHOT] = SNAPSHOT;
            return start;
        }

        /** Nearer to what goes wrong: the snapshot is forgotten, and a writer has just found its pack. */
        int[] underWay() {
            int[] state = start();
            state[FIRST_SNAPSHOT] = FORGOTTEN;
            state[writer(0) + PC] = 3;
            state[writer(0) + LISTED] = 1;
            state[writer(0) + STATUS] = OPEN;
            return state;
        }

        /** Empty if all is well, or how it went wrong. */
        Optional<String> explore(int[] start) {
            Deque<int[]> todo = new ArrayDeque<>();
            todo.push(start);
            seen.add(start);
            List<int[]> next = new ArrayList<>();
            for (int[] state; (state = todo.poll()) != null; ) {
                states++;
                if (isBroken(state)) {
                    return Optional.of("a snapshot has lost its chunk: " + Arrays.toString(state));
                }
                next.clear();
                steps(state, next);
                for (int[] one : next) {
                    if (seen.add(one)) {
                        todo.push(one);
                    }
                }
            }
            return Optional.empty();
        }

        private boolean isBroken(int[] s) {
            return isNeeded(s) && s[PRESENT] == 0;
        }

        private boolean isNeeded(int[] s) {
            boolean needed = s[FIRST_SNAPSHOT] == SNAPSHOT;
            for (int i = 0; i < writers; i++) {
                needed |= s[writer(i) + STATUS] == SNAPSHOT;
            }
            return needed;
        }

        private int openSessions(int[] s) {
            int open = 0;
            for (int i = 0; i < writers; i++) {
                open |= s[writer(i) + STATUS] == OPEN ? 1 << i : 0;
            }
            return open;
        }

        private void steps(int[] s, List<int[]> out) {
            if (s[FIRST_SNAPSHOT] == SNAPSHOT) {
                out.add(with(s, FIRST_SNAPSHOT, FORGOTTEN));
            }
            for (int i = 0; i < writers; i++) {
                int w = writer(i);
                if (s[w + STATUS] == OPEN) {
                    out.add(with(s, w + STATUS, VOID));
                } else if (s[w + STATUS] == SNAPSHOT) {
                    out.add(with(s, w + STATUS, FORGOTTEN));
                }
                writerStep(s, i, out);
            }
            for (int j = 0; j < prunes; j++) {
                pruneStep(s, j, out);
            }
        }

        private void writerStep(int[] s, int i, List<int[]> out) {
            int w = writer(i);
            int[] n = with(s, w + PC, s[w + PC] + 1);
            switch (s[w + PC]) {
                case 0 -> {
                    n[w + STATUS] = OPEN;
                    out.add(n);
                }
                case 1 -> {
                    // One after the other: each is listed, and later read, if it is still there.
                    int listed = s[w + LISTED] >> prunes;
                    int read = s[w + LISTED] & (1 << prunes) - 1;
                    for (int k = 0; k < prunes; k++) {
                        int record = s[prune(k) + RECORD];
                        if ((listed >> k & 1) == 0) {
                            int[] m = with(s, w + LISTED, s[w + LISTED] | 1 << prunes + k);
                            m[w + LISTED] |= record == 0 ? 1 << k : 0;
                            out.add(m);
                            // In the order of their keys.
                            break;
                        }
                    }
                    if (listed == (1 << prunes) - 1) {
                        for (int k = 0; k < prunes; k++) {
                            if ((read >> k & 1) == 0) {
                                int[] m = with(s, w + LISTED, s[w + LISTED] | 1 << k);
                                m[w + SEEN] |= s[prune(k) + RECORD];
                                out.add(m);
                                break;
                            }
                        }
                        if (read == (1 << prunes) - 1) {
                            n[w + LISTED] = 0;
                            n[w + SEEN] = sabotage.contains(Sabotage.NO_RECORDS) ? 0 : s[w + SEEN];
                            out.add(n);
                        }
                    }
                }
                case 2 -> {
                    n[w + LISTED] = sabotage.contains(Sabotage.NO_LISTING) ? -1 : s[PRESENT];
                    out.add(n);
                }
                case 3 -> {
                    int usable = s[INDEX] & s[w + LISTED] & ~s[w + SEEN];
                    if (usable == 0) {
                        n[PRESENT] |= packOfWriter(i);
                        n[INDEX] |= packOfWriter(i);
                    }
                    n[w + SEEN] = 0;
                    n[w + LISTED] = 0;
                    out.add(n);
                }
                case 4 -> {
                    // Only if there is no outcome: an aborted outcome was faster otherwise.
                    if (s[w + STATUS] == OPEN) {
                        n[w + STATUS] = SNAPSHOT;
                    }
                    out.add(n);
                }
                default -> {
                    return;
                }
            }
        }

        private void pruneStep(int[] s, int j, List<int[]> out) {
            int p = prune(j);
            int[] n = with(s, p + PC, s[p + PC] + 1);
            switch (s[p + PC]) {
                case 0 -> {
                    for (int k = 0; k < prunes; k++) {
                        n[p + RECORDS_BEFORE + k] = s[prune(k) + RECORD];
                    }
                    out.add(n);
                }
                case 1 -> {
                    // What is chosen here is only a proposal, so it does not matter when what was seen.
                    n[p + SESSIONS] = openSessions(s);
                    n[p + PACKS] = s[PRESENT];
                    n[p + NEEDED] = isNeeded(s) ? 1 : 0;
                    n[p + PC] = 4;
                    choose(n, j, out);
                }
                case 4 -> {
                    if (s[p + GOING] == 0) {
                        n[p + PC] = 11;
                        n[p + PACKS] = s[PRESENT];
                    } else {
                        n[p + RECORD] = s[p + GOING];
                    }
                    out.add(n);
                }
                case 5 -> {
                    for (int k = 0; k < prunes; k++) {
                        n[p + RECORDS_BEFORE + prunes + k] = k == j ? 0 : s[prune(k) + RECORD];
                    }
                    out.add(n);
                }
                case 6 -> {
                    n[p + SESSIONS] = sabotage.contains(Sabotage.NO_WAITING) ? 0 : openSessions(s);
                    out.add(n);
                }
                case 7 -> {
                    n[p + READY] = ready(s, j);
                    out.add(n);
                }
                case 8 -> {
                    n[p + PACKS] = s[PRESENT];
                    out.add(n);
                }
                case 9 -> {
                    if (!sabotage.contains(Sabotage.MARK_ONCE)) {
                        n[p + NEEDED] = isNeeded(s) ? 1 : 0;
                    }
                    n[p + READY] = dead(n, j);
                    n[p + NEEDED] = 0;
                    n[p + GOING] = 0;
                    Arrays.fill(n, p + RECORDS_BEFORE + prunes, p + pruneFields, 0);
                    out.add(n);
                }
                case 10 -> {
                    n[PRESENT] &= ~s[p + READY];
                    n[p + READY] = 0;
                    n[p + SESSIONS] = 0;
                    if (s[p + SESSIONS] == 0) {
                        n[p + RECORD] = 0;
                    } else {
                        n[p + LAST_WORD] = 1 | s[p + SESSIONS] << 1;
                    }
                    out.add(n);
                }
                case 11 -> {
                    dropOldRecords(n, j);
                    Arrays.fill(n, p + SESSIONS, p + pruneFields, 0);
                    out.add(n);
                }
                default -> {
                    return;
                }
            }
        }

        /**
         * What of the packs is not needed, once one copy is chosen; the pack of that one may be worn, and then it is
         * copied.
         */
        private void choose(int[] n, int j, List<int[]> out) {
            int p = prune(j);
            int sessions = n[p + SESSIONS];
            int needed = n[p + NEEDED];
            int packs = n[p + PACKS];
            n[p + SESSIONS] = 0;
            n[p + NEEDED] = 0;
            n[p + PACKS] = 0;
            int others = 0;
            for (int k = 0; k < prunes; k++) {
                others |= n[p + RECORDS_BEFORE + k];
            }
            int kept = 0;
            if (needed == 1) {
                int good = packs & ~others;
                kept = Integer.lowestOneBit(good != 0 ? good : packs);
            }
            int ofOpen = 0;
            for (int i = 0; i < writers; i++) {
                ofOpen |= (sessions & 1 << i) != 0 ? packOfWriter(i) : 0;
            }
            int unused = packs & ~kept & ~ofOpen;
            // Whether the pack is worn, and whether there is time, the model leaves open.
            int[] left = n.clone();
            left[p + GOING] = unused;
            out.add(left);
            if (kept != 0 && (kept & ofOpen) == 0 && (n[PRESENT] & kept) != 0) {
                int[] copied = n.clone();
                copied[p + GOING] = unused | kept;
                copied[PRESENT] |= packOfPrune(j);
                copied[INDEX] |= packOfPrune(j);
                out.add(copied);
            }
        }

        private int ready(int[] s, int j) {
            int p = prune(j);
            if (s[p + SESSIONS] == 0) {
                return s[p + GOING];
            }
            int ready = 0;
            for (int k = 0; k < prunes; k++) {
                int word = s[prune(k) + LAST_WORD];
                if ((word & 1) == 1 && (word >> 1 & s[p + SESSIONS]) == 0) {
                    ready |= s[p + RECORDS_BEFORE + prunes + k];
                }
            }
            return ready & s[p + GOING];
        }

        private int dead(int[] s, int j) {
            int p = prune(j);
            int going = s[p + GOING];
            int doubtful = going;
            for (int k = 0; k < prunes && !sabotage.contains(Sabotage.TRUST_PENDING); k++) {
                doubtful |= s[p + RECORDS_BEFORE + prunes + k];
            }
            boolean elsewhere = (s[p + PACKS] & ~doubtful) != 0;
            return s[p + NEEDED] == 0 || elsewhere ? s[p + READY] & s[p + PACKS] : 0;
        }

        private void dropOldRecords(int[] n, int j) {
            int p = prune(j);
            for (int k = 0; k < prunes; k++) {
                int q = prune(k);
                int record = n[p + RECORDS_BEFORE + k];
                boolean gone = record != 0 && (record & n[p + PACKS] & n[PRESENT]) == 0;
                if (k != j && record != 0 && (gone || sabotage.contains(Sabotage.DROP_RUNNING))) {
                    n[q + RECORD] = 0;
                    n[q + LAST_WORD] = 0;
                }
            }
        }

        private static int[] with(int[] s, int field, int value) {
            int[] n = s.clone();
            n[field] = value;
            return n;
        }
    }

    /** States by 128 bits of their hash: that two are the same by chance is less likely than that this machine errs. */
    private static final class LongPairs {
        private long[] table = new long[1 << 16];
        private int size;

        boolean add(int[] state) {
            long a = 0x243F6A8885A308D3L;
            long b = 0x13198A2E03707344L;
            for (int field : state) {
                a = (a ^ field) * 0x9E3779B97F4A7C15L;
                a ^= a >>> 29;
                b = (b + field) * 0xC2B2AE3D27D4EB4FL;
                b ^= b >>> 31;
            }
            if (size * 3L > table.length) {
                long[] old = table;
                table = new long[old.length * 2];
                size = 0;
                for (int i = 0; i < old.length; i += 2) {
                    if ((old[i] | old[i + 1]) != 0) {
                        add(old[i], old[i + 1]);
                    }
                }
            }
            return add(a, b);
        }

        private boolean add(long a, long b) {
            int mask = table.length / 2 - 1;
            int at = (int) (a ^ b >>> 17) & mask;
            while ((table[at * 2] | table[at * 2 + 1]) != 0) {
                if (table[at * 2] == a && table[at * 2 + 1] == b) {
                    return false;
                }
                at = at + 1 & mask;
            }
            table[at * 2] = a;
            table[at * 2 + 1] = b;
            size++;
            return true;
        }
    }
}
