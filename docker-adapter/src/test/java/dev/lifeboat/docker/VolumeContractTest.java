package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.run;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.PrefixSink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.RestoreTargetContract;
import dev.lifeboat.testkit.SnapshotSourceContract;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A volume of a real engine as source and as target, held by the same contracts as a directory. */
class VolumeContractTest {
    @Nested
    @Tag("docker")
    @RequiresRoot
    class Source extends SnapshotSourceContract {
        @RegisterExtension
        final EngineFixture engine = new EngineFixture();

        private final Docker docker = EngineFixture.docker();

        @AfterEach
        void close() {
            docker.close();
        }

        @Override
        protected SnapshotSource sourceOf(MemoryTree tree) throws Exception {
            String volume = engine.name("v");
            run("volume", "create", volume);
            try (RestoreTarget.Session session =
                    new Placed(docker.intoVolume(volume, volume), volume).begin(RestoreRequest.plain())) {
                tree.sendTo(session);
                session.commit();
            }
            return docker.volume(volume);
        }

        @Override
        protected MemoryTree tree() {
            return MemoryTree.ofEverything(true);
        }

        @Override
        protected EntryPath place() {
            return EntryPath.of("volumes").resolve(engine.name("v")).resolve("data");
        }
    }

    @Nested
    @Tag("docker")
    @RequiresRoot
    class Target extends RestoreTargetContract {
        @RegisterExtension
        final EngineFixture engine = new EngineFixture();

        private final Docker docker = EngineFixture.docker();

        @AfterEach
        void close() {
            docker.close();
        }

        @Override
        protected RestoreTarget newTarget() {
            String volume = engine.name("v");
            run("volume", "create", volume);
            return new Placed(docker.intoVolume(volume, volume), volume);
        }

        @Override
        protected MemoryTree contents() throws Exception {
            EntryPath place = EntryPath.of("volumes").resolve(engine.name("v")).resolve("data");
            return MemoryTree.of(docker.volume(engine.name("v"))).below(place);
        }

        @Override
        protected MemoryTree tree() {
            return MemoryTree.ofEverything(true);
        }
    }

    /** Puts a plain tree where a snapshot has the data of a volume. */
    private static final class Placed implements RestoreTarget {
        private final RestoreTarget target;
        private final EntryPath place;

        Placed(RestoreTarget target, String volume) {
            this.target = target;
            this.place = EntryPath.of("volumes").resolve(volume).resolve("data");
        }

        @Override
        public String location() {
            return target.location();
        }

        @Override
        public Session begin(RestoreRequest request) throws IOException {
            Session inner = target.begin(new RestoreRequest(
                    request.dryRun(),
                    request.partial(),
                    request.deleteExtra(),
                    request.repositoryDirectories(),
                    new RestoreRequest.Listener() {
                        @Override
                        public void changed(RestoreChange change) {
                            request.listener()
                                    .changed(new RestoreChange(change.path().relativeTo(place), change.action()));
                        }

                        @Override
                        public void problem(Problem problem) {
                            request.listener().problem(problem);
                        }
                    }));
            EntrySink moved = new PrefixSink(inner, place);
            return new Session() {
                @Override
                public boolean offer(Entry entry) throws IOException {
                    return moved.offer(entry);
                }

                @Override
                public void content(Entry entry, InputStream in) throws IOException {
                    moved.content(entry, in);
                }

                @Override
                public void report(Problem problem) throws IOException {
                    moved.report(problem);
                }

                @Override
                public void commit() throws IOException {
                    inner.commit();
                }

                @Override
                public void close() throws IOException {
                    inner.close();
                }
            };
        }
    }
}
