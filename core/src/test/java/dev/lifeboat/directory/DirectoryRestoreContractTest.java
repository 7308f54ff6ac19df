package dev.lifeboat.directory;

import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.RestoreTargetContract;
import dev.lifeboat.testkit.ScratchDir;
import org.junit.jupiter.api.extension.RegisterExtension;

@RequiresRoot
class DirectoryRestoreContractTest extends RestoreTargetContract {
    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    @Override
    protected RestoreTarget newTarget() {
        return DirectoryRestore.into(dir.resolve("target"));
    }

    @Override
    protected MemoryTree contents() throws Exception {
        return MemoryTree.of(DirectorySource.of(dir.resolve("target")));
    }

    @Override
    protected MemoryTree tree() {
        return MemoryTree.ofEverything(true);
    }
}
