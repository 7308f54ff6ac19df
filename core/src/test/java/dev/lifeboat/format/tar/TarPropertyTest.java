package dev.lifeboat.format.tar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.ArchiveWriter;
import dev.lifeboat.format.Damage;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random trees, in chains of random changes: what is restored is what was taken, and verify is content. */
class TarPropertyTest {
    private static MemoryTree random(Random random, MemoryTree from) {
        MemoryTree tree = from.copy();
        for (int i = random.nextInt(30); i >= 0; i--) {
            EntryPath path = path(random);
            byte[] content = new byte[random.nextInt(4) == 0 ? random.nextInt(100_000) : random.nextInt(700)];
            random.nextBytes(content);
            switch (random.nextInt(6)) {
                case 0 -> tree.remove(path);
                case 1 ->
                    tree.add(Entry.symlink(
                            path,
                            ByteString.of(new byte[] {(byte) (1 + random.nextInt(255))}),
                            MemoryTree.attributes(0777)));
                case 2 -> tree.add(Entry.fifo(path, MemoryTree.attributes(random.nextInt(07777))));
                default ->
                    tree.add(
                            Entry.file(path, 0, MemoryTree.attributes(random.nextInt(07777)))
                                    .withFingerprint(
                                            random.nextBoolean()
                                                    ? Optional.empty()
                                                    : Optional.of("f" + random.nextLong())),
                            content);
            }
        }
        for (EntryPath path : tree.paths()) {
            if (tree.get(path).type() == EntryType.HARD_LINK) {
                tree.remove(path);
            }
        }
        return tree;
    }

    private static EntryPath path(Random random) {
        EntryPath path = EntryPath.root();
        for (int depth = random.nextInt(3); depth >= 0; depth--) {
            byte[] name = new byte[1 + random.nextInt(random.nextInt(10) == 0 ? 250 : 3)];
            for (int i = 0; i < name.length; i++) {
                do {
                    name[i] = (byte) (random.nextBoolean() ? 'a' + random.nextInt(3) : random.nextInt(256));
                } while (name[i] == 0 || name[i] == '/' || name[i] == '.');
            }
            path = path.resolve(ByteString.of(name));
        }
        return path;
    }

    @Property(tries = 60)
    void restoreOfBackup_isIdentity(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        MemoryStorage storage = new MemoryStorage();
        // The put of an archive runs beside its writer.
        FormatContext context = FormatContext.of(storage, task -> new Thread(task).start(), 2);
        TarFormat format = random.nextBoolean() ? TarFormat.zstd(1) : TarFormat.uncompressed();
        MemoryTree tree = new MemoryTree();
        Optional<ArchiveRoot> parent = Optional.empty();
        List<ArchiveRoot> roots = new ArrayList<>();
        List<List<String>> expected = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            tree = random(random, tree);
            try (ArchiveWriter writer = format.write(context, String.format("%032x", i), parent)) {
                tree.sendTo(writer);
                roots.add(writer.finish().root());
            }
            parent = random.nextInt(4) == 0 ? Optional.empty() : Optional.of(roots.get(i));
            expected.add(tree.lines());
        }
        for (int i = 0; i < roots.size(); i++) {
            MemoryTree back = new MemoryTree();
            try (ArchiveReader reader = format.read(context, roots.get(i));
                    RestoreTarget.Session session = back.begin(RestoreRequest.plain())) {
                reader.sendTo(session, entry -> true);
            }
            assertThat(back.lines()).isEqualTo(expected.get(i));
        }
        List<Damage> damages = new ArrayList<>();
        format.verify(context, roots, dev.lifeboat.format.ArchiveFormat.Depth.allData(), damages::add);
        assertThat(damages).isEmpty();
        storage.checkAllClosed();
    }
}
