package dev.lifeboat.junit;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.docker.Docker;
import dev.lifeboat.docker.fixture.Fixture;
import dev.lifeboat.docker.fixture.FixtureClone;
import dev.lifeboat.docker.fixture.FixtureContainer;
import dev.lifeboat.docker.fixture.FixtureOptions;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
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
 * type {@link FixtureContainer}.
 *
 * <p>Tests of one fixture must not run at the same time, except with {@link #clonePerClass}. Needs JUnit 5.13 or later.
 *
 * <p>Each method that changes an option returns a copy, which is another fixture.
 */
@CheckReturnValue
public final class FixtureExtension
        implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback, InvocationInterceptor, ParameterResolver {
    private final Options options;
    private final Map<Class<?>, FixtureClone> clones = new ConcurrentHashMap<>();
    private @Nullable Open open;

    private record Options(
            Supplier<String> container,
            boolean project,
            Supplier<Docker> docker,
            FixtureOptions fixture,
            Optional<Seed> seed,
            Optional<String> resetTo,
            boolean clonePerClass) {}

    private record Seed(String checkpoint, Seeding seeding) {}

    /** What is open as long as tests run. */
    private record Open(Docker docker, Fixture fixture) implements AutoCloseable {
        @Override
        public void close() {
            try (docker) {
                fixture.close();
            }
        }
    }

    /** Brings a fixture into the state that tests begin with. */
    @FunctionalInterface
    public interface Seeding {
        /**
         * Does it, such as by running migrations.
         *
         * @throws Exception if that fails; then so do all tests
         */
        void run() throws Exception;
    }

    private FixtureExtension(Options options) {
        this.options = options;
    }

    /**
     * Returns an extension for a container.
     *
     * @param nameOrId asked for before the first test, once the container runs
     */
    public static FixtureExtension of(Supplier<String> nameOrId) {
        return new FixtureExtension(new Options(
                nameOrId, false, Docker::local, FixtureOptions.defaults(), Optional.empty(), Optional.empty(), false));
    }

    /** Returns an extension for a container that has this name. */
    public static FixtureExtension ofContainer(String name) {
        return of(() -> name);
    }

    /** Returns an extension for all containers of a Compose project. */
    public static FixtureExtension ofComposeProject(String name) {
        return new FixtureExtension(new Options(
                () -> name, true, Docker::local, FixtureOptions.defaults(), Optional.empty(), Optional.empty(), false));
    }

    /** Sets the engine; {@link Docker#local} unless set. The extension closes it after all tests. */
    public FixtureExtension docker(Supplier<Docker> docker) {
        return new FixtureExtension(new Options(
                options.container,
                options.project,
                docker,
                options.fixture,
                options.seed,
                options.resetTo,
                options.clonePerClass));
    }

    /** Sets how the fixture is checkpointed and reset. */
    public FixtureExtension options(FixtureOptions fixture) {
        return new FixtureExtension(new Options(
                options.container,
                options.project,
                options.docker,
                fixture,
                options.seed,
                options.resetTo,
                options.clonePerClass));
    }

    /**
     * Has the fixture seeded before the first test, and a checkpoint taken, to which it is set back before each other
     * test unless {@link Reset} says otherwise.
     */
    public FixtureExtension seed(String checkpoint, Seeding seeding) {
        return new FixtureExtension(new Options(
                options.container,
                options.project,
                options.docker,
                options.fixture,
                Optional.of(new Seed(checkpoint, seeding)),
                Optional.of(checkpoint),
                options.clonePerClass));
    }

    /** Sets the checkpoint to which it is set back before each test that has no {@link Reset}. */
    public FixtureExtension resetTo(String checkpoint) {
        return new FixtureExtension(new Options(
                options.container,
                options.project,
                options.docker,
                options.fixture,
                options.seed,
                Optional.of(checkpoint),
                options.clonePerClass));
    }

    /**
     * Gives each test class a clone of its own, so that classes can run in parallel. Tests get it as a parameter of
     * type {@link FixtureContainer}. Needs {@link #seed} or {@link #resetTo}.
     */
    public FixtureExtension clonePerClass() {
        return new FixtureExtension(new Options(
                options.container,
                options.project,
                options.docker,
                options.fixture,
                options.seed,
                options.resetTo,
                true));
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
        boolean fresh = begin(context);
        Class<?> type = context.getRequiredTestClass();
        if (options.clonePerClass
                && context.getParent().flatMap(ExtensionContext::getTestClass).isEmpty()) {
            String checkpoint = options.resetTo.orElseThrow(() -> new IllegalStateException(
                    "a clone for each class is made of a checkpoint: name one with seed(..) or resetTo(..)"));
            clones.put(type, fixture().clone(checkpoint));
        }
        Optional<Reset> reset = Optional.ofNullable(type.getAnnotation(Reset.class));
        if (reset.isPresent() && reset.get().before() == Reset.Before.CLASS && !fresh) {
            reset(context, reset.get().value());
        }
    }

    /** Returns whether it was seeded just now. */
    private synchronized boolean begin(ExtensionContext context) throws Exception {
        if (open != null) {
            return false;
        }
        String container = options.container.get();
        Docker docker = options.docker.get();
        boolean made = false;
        try {
            Fixture fixture = options.project
                    ? Fixture.ofComposeProject(docker, container, options.fixture)
                    : Fixture.of(docker, container, options.fixture);
            open = new Open(docker, fixture);
            made = true;
        } finally {
            if (!made) {
                docker.close();
            }
        }
        AutoCloseable end = this::end;
        // The root closes what it holds after all tests.
        context.getRoot().getStore(Namespace.create(FixtureExtension.class)).put(this, end);
        if (options.seed.isPresent()) {
            options.seed.get().seeding().run();
            fixture().checkpoint(options.seed.get().checkpoint());
            return true;
        }
        return false;
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
        if (nearest.isPresent()) {
            boolean each = nearest.get().before() == Reset.Before.EACH_TEST;
            return each ? Optional.of(nearest.get().value()) : Optional.empty();
        }
        return options.resetTo;
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
        checkpointAfter(invocation, method);
    }

    @Override
    public void interceptTestMethod(
            Invocation<@Nullable Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        checkpointAfter(invocation, method);
    }

    private void checkpointAfter(Invocation<@Nullable Void> invocation, ReflectiveInvocationContext<Method> method)
            throws Throwable {
        invocation.proceed();
        Checkpoint checkpoint = method.getExecutable().getAnnotation(Checkpoint.class);
        if (checkpoint != null) {
            fixture().checkpoint(checkpoint.value());
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == FixtureContainer.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Optional<FixtureClone> clone = cloneOf(context);
        return clone.isPresent() ? clone.get().container() : fixture().container();
    }
}
