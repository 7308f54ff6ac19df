package dev.lifeboat.directory;

import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.SnapshotSourceContract;
import org.junit.jupiter.api.extension.RegisterExtension;

@RequiresRoot
class DirectorySourceContractTest extends SnapshotSourceContract {
    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    @Override
    protected SnapshotSource sourceOf(MemoryTree tree) throws Exception {
        try (RestoreTarget.Session session =
                DirectoryRestore.into(dir.resolve("source")).begin(RestoreRequest.plain())) {
            tree.sendTo(session);
            session.commit();
        }
        return DirectorySource.of(dir.resolve("source"));
    }

    @Override
    protected MemoryTree tree() {
        return MemoryTree.ofEverything(true);
    }
}
