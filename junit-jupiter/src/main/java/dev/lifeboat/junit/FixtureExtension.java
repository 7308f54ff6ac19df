package dev.lifeboat.junit;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.Repository;
import dev.lifeboat.docker.Docker;
import dev.lifeboat.docker.fixture.Fixture;
import dev.lifeboat.docker.fixture.FixtureCache;
import dev.lifeboat.docker.fixture.FixtureClone;
import dev.lifeboat.docker.fixture.FixtureContainer;
import dev.lifeboat.docker.fixture.FixtureOptions;
import dev.lifeboat.docker.fixture.Seeding;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Sets a container back to a known state before each test. The container may be started by anything: Testcontainers,
 * Compose, a script.
 *
 * <pre>{@code
 * class PersonTest {
 *     @RegisterExtension
 *     static final FixtureExtension DB = FixtureExtension.ofContainer("db").seed("migrated", () -> migrate());
 *
 *     static void migrate() {}
 *
 *     @Test
 *     void deletesAll() {
 *         // The database is as migrate() has left it.
 *     }
 * }
 * }</pre>
 *
 * <p>Register it in a static field, after the field of what starts the container: with Testcontainers,
 * {@code FixtureExtension.of(POSTGRES::getContainerId)}. A field that several test classes
 * share is one fixture: it is seeded once, and closed when all tests have ended. Test methods may have a parameter of
 * type {@link FixtureContainer}; {@link InContainer} chooses one of several.
 *
 * <p>Tests of one fixture must not run at the same time, except with {@link #clonePerClass}. Needs JUnit 5.13 or later.
 *
 * <p>Each method that changes an option returns a copy, which is another fixture.
 */
@CheckReturnValue
public final class FixtureExtension
        implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback, InvocationInterceptor, ParameterResolver {
    /** Name of the checkpoint before the first one. */
    private static final String UNSEEDED = "before seeding";

    private final Options options;
    private final Map<Class<?>, FixtureClone> clones = new ConcurrentHashMap<>();
    private @Nullable Open open;
    private Optional<Exception> failure = Optional.empty();

    /** The options while one of them is changed. */
    private static final class Options {
        private final Supplier<String> container;
        private final boolean project;
        private Supplier<Docker> docker = Docker::local;
        private FixtureOptions fixture = FixtureOptions.defaults();
        private Optional<Seed> seed = Optional.empty();
        private Optional<Cache> cache = Optional.empty();
        private Optional<String> resetTo = Optional.empty();
        private boolean clonePerClass;

        Options(Supplier<String> container, boolean project) {
            this.container = container;
            this.project = project;
        }

        Options(Options other) {
            container = other.container;
            project = other.project;
            docker = other.docker;
            fixture = other.fixture;
            seed = other.seed;
            cache = other.cache;
            resetTo = other.resetTo;
            clonePerClass = other.clonePerClass;
        }
    }

    private record Seed(String checkpoint, Seeding seeding) {}

    private record Cache(Supplier<Repository> repository, List<Path> inputs) {}

    /** What is open as long as tests run. */
    private record Open(String container, Docker docker, Fixture fixture, Optional<Repository> cache)
            implements AutoCloseable {
        /** A container that lives on is as it was before it was seeded. */
        @Override
        public void close() {
            try (docker;
                    fixture) {
                boolean seeded = fixture.checkpoints().stream()
                        .anyMatch(checkpoint -> checkpoint.name().equals(UNSEEDED));
                if (seeded && fixture.isPresent()) {
                    fixture.reset(UNSEEDED);
                }
            } finally {
                cache.ifPresent(Repository::close);
            }
        }
    }

    private FixtureExtension(Options options) {
        this.options = options;
    }

    private FixtureExtension with(Consumer<Options> change) {
        Options changed = new Options(options);
        change.accept(changed);
        return new FixtureExtension(changed);
    }

    /**
     * Returns an extension for a container.
     *
     * @param nameOrId asked for before the first test, once the container runs
     */
    public static FixtureExtension of(Supplier<String> nameOrId) {
        return new FixtureExtension(new Options(nameOrId, false));
    }

    /** Returns an extension for a container that has this name. */
    public static FixtureExtension ofContainer(String name) {
        return of(() -> name);
    }

    /** Returns an extension for all containers of a Compose project. */
    public static FixtureExtension ofComposeProject(String name) {
        return new FixtureExtension(new Options(() -> name, true));
    }

    /** Sets the engine; {@link Docker#local} unless set. The extension closes it after all tests. */
    public FixtureExtension docker(Supplier<Docker> docker) {
        return with(o -> o.docker = docker);
    }

    /** Sets how the fixture is checkpointed and reset. */
    public FixtureExtension options(FixtureOptions fixture) {
        return with(o -> o.fixture = fixture);
    }

    /**
     * Has the fixture seeded before the first test, and a checkpoint taken, to which it is set back before each test
     * unless {@link Reset} says otherwise. After all tests, a container that is still there is set back to what it was
     * before, so that the next run can seed it again.
     */
    public FixtureExtension seed(String checkpoint, Seeding seeding) {
        return with(o -> {
            o.seed = Optional.of(new Seed(checkpoint, seeding));
            o.resetTo = Optional.of(checkpoint);
        });
    }

    /**
     * Keeps the state that {@link #seed} makes in a repository, for other runs: one that finds it there restores it
     * instead of seeding. See {@link Fixture#checkpointOrRestore}.
     *
     * @param repository opened before the first test, and closed after all tests
     * @param inputs files and directories that the seeding reads, such as migrations; the state is seeded anew once one
     *     of them, or the image or the environment of the container, is another one; what else the seeding depends on,
     *     its code too, is not seen
     * @throws IllegalArgumentException if there are no inputs, so that the state would be kept for ever
     */
    public FixtureExtension cachedIn(Supplier<Repository> repository, Path... inputs) {
        if (inputs.length == 0) {
            throw new IllegalArgumentException("name the files that the seeding reads: a change of them seeds anew");
        }
        return with(o -> o.cache = Optional.of(new Cache(repository, List.of(inputs))));
    }

    /** Sets the checkpoint to which it is set back before each test that has no {@link Reset}. */
    public FixtureExtension resetTo(String checkpoint) {
        return with(o -> o.resetTo = Optional.of(checkpoint));
    }

    /**
     * Gives each test class a clone of its own, so that classes can run in parallel. Tests get it as a parameter of
     * type {@link FixtureContainer}. Needs {@link #seed} or {@link #resetTo}.
     */
    public FixtureExtension clonePerClass() {
        return with(o -> o.clonePerClass = true);
    }

    /**
     * Returns the fixture, such as to take another checkpoint in the middle of a test.
     *
     * @throws IllegalStateException before the first test class of this extension, and after all tests
     */
    public synchronized Fixture fixture() {
        if (open == null) {
            throw new IllegalStateException("the fixture is made before the first test and closed after all tests");
        }
        return open.fixture();
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        begin(context);
        Class<?> type = context.getRequiredTestClass();
        if (options.clonePerClass
                && context.getParent().flatMap(ExtensionContext::getTestClass).isEmpty()) {
            String checkpoint = options.resetTo.orElseThrow(() -> new IllegalStateException(
                    "a clone for each class is made of a checkpoint: name one with seed(..) or resetTo(..)"));
            clones.put(type, fixture().clone(checkpoint));
        }
    }

    private synchronized void begin(ExtensionContext context) throws Exception {
        String container = options.container.get();
        if (open != null && !open.container().equals(container)) {
            // What starts the container does so for each class.
            end();
        }
        if (failure.isPresent()) {
            throw new IllegalStateException("the fixture could not be seeded before", failure.get());
        }
        if (open == null) {
            open(container);
            AutoCloseable end = this::end;
            // The root closes what it holds after all tests.
            context.getRoot().getStore(Namespace.create(FixtureExtension.class)).put(this, end);
            seed();
        }
    }

    private void open(String container) {
        Docker docker = options.docker.get();
        Optional<Repository> repository = Optional.empty();
        boolean made = false;
        try {
            repository = options.cache.map(cache -> cache.repository().get());
            FixtureOptions fixtureOptions = repository
                    .map(opened -> options.fixture.cache(FixtureCache.in(opened)))
                    .orElse(options.fixture);
            Fixture fixture = options.project
                    ? Fixture.ofComposeProject(docker, container, fixtureOptions)
                    : Fixture.of(docker, container, fixtureOptions);
            open = new Open(container, docker, fixture, repository);
            made = true;
        } finally {
            if (!made) {
                repository.ifPresent(Repository::close);
                docker.close();
            }
        }
    }

    private void seed() throws Exception {
        if (options.seed.isEmpty()) {
            return;
        }
        try {
            fixture().checkpoint(UNSEEDED);
            seed(options.seed.get());
        } catch (Exception e) {
            failure = Optional.of(e);
            throw e;
        }
    }

    private void seed(Seed seed) throws Exception {
        if (options.cache.isEmpty()) {
            seed.seeding().run();
            fixture().checkpoint(seed.checkpoint());
        } else {
            String inputs = Fixture.hashOf(options.cache.get().inputs().toArray(new Path[0]));
            fixture().checkpointOrRestore(seed.checkpoint(), inputs, seed.seeding());
        }
    }

    private synchronized void end() {
        Open ending = open;
        open = null;
        if (ending != null) {
            ending.close();
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        checkpointOf(context).ifPresent(checkpoint -> reset(context, checkpoint));
    }

    private Optional<String> checkpointOf(ExtensionContext context) {
        Optional<Reset> nearest = context.getTestMethod().map(method -> method.getAnnotation(Reset.class));
        Optional<ExtensionContext> at = Optional.of(context);
        while (nearest.isEmpty() && at.isPresent()) {
            nearest = at.get().getTestClass().map(type -> type.getAnnotation(Reset.class));
            at = at.get().getParent();
        }
        if (nearest.isPresent() && nearest.get().before() == Reset.Before.CLASS) {
            return isFirst(context) ? Optional.of(nearest.get().value()) : Optional.empty();
        }
        return nearest.isPresent() ? Optional.of(nearest.get().value()) : options.resetTo;
    }

    /** Whether it is the first test of its class, of which there may be several contexts. */
    private boolean isFirst(ExtensionContext context) {
        ExtensionContext ofClass = context.getParent().orElse(context);
        while (ofClass.getTestMethod().isPresent()) {
            ofClass = ofClass.getParent().orElseThrow();
        }
        ExtensionContext.Store store = ofClass.getStore(Namespace.create(FixtureExtension.class, this));
        Class<?> type = context.getRequiredTestClass();
        boolean first = store.get(type) == null;
        store.put(type, true);
        return first;
    }

    private void reset(ExtensionContext context, String checkpoint) {
        Optional<FixtureClone> clone = cloneOf(context);
        if (clone.isEmpty()) {
            fixture().reset(checkpoint);
        } else if (Optional.of(checkpoint).equals(options.resetTo)) {
            clone.get().reset();
        } else {
            throw new IllegalStateException("the clone of this class is one of checkpoint '"
                    + options.resetTo.orElse("") + "', and cannot be set to '" + checkpoint + "'");
        }
    }

    private Optional<FixtureClone> cloneOf(ExtensionContext context) {
        Optional<ExtensionContext> at = Optional.of(context);
        while (at.isPresent()) {
            Optional<FixtureClone> clone = at.get().getTestClass().map(clones::get);
            if (clone.isPresent()) {
                return clone;
            }
            at = at.get().getParent();
        }
        return Optional.empty();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        FixtureClone clone = clones.remove(context.getRequiredTestClass());
        if (clone != null) {
            clone.close();
        }
    }

    @Override
    public void interceptBeforeAllMethod(
            Invocation<@Nullable Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        checkpointAfter(invocation, method, context);
    }

    @Override
    public void interceptTestMethod(
            Invocation<@Nullable Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        checkpointAfter(invocation, method, context);
    }

    @Override
    public void interceptTestTemplateMethod(
            Invocation<@Nullable Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        checkpointAfter(invocation, method, context);
    }

    private void checkpointAfter(
            Invocation<@Nullable Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        invocation.proceed();
        Checkpoint checkpoint = method.getExecutable().getAnnotation(Checkpoint.class);
        if (checkpoint == null) {
            return;
        }
        if (cloneOf(context).isPresent()) {
            throw new IllegalStateException("a clone has no checkpoints of its own: take '" + checkpoint.value()
                    + "' in seed(..), or do without clonePerClass()");
        }
        fixture().checkpoint(checkpoint.value());
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        if (parameter.getParameter().getType() != FixtureContainer.class) {
            return false;
        }
        Optional<InContainer> chosen = parameter.findAnnotation(InContainer.class);
        return chosen.isEmpty() || fixture().has(chosen.get().value());
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Optional<FixtureClone> clone = cloneOf(context);
        Optional<String> chosen = parameter.findAnnotation(InContainer.class).map(InContainer::value);
        if (clone.isPresent()) {
            return chosen.isPresent() && options.project
                    ? clone.get().container(chosen.get())
                    : clone.get().container();
        }
        return chosen.isPresent()
                ? fixture().container(chosen.get())
                : fixture().container();
    }
}
