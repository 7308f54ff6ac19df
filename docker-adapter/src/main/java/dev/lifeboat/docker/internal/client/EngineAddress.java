package dev.lifeboat.docker.internal.client;

import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientConfig;
import com.github.dockerjava.core.LocalDirectorySSLConfig;
import com.github.dockerjava.transport.SSLConfig;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.internal.io.Digests;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where an engine is, and how to reach it.
 *
 * @param uri with the scheme unix, npipe, tcp or ssh
 * @param tls certificates; null without TLS
 */
public record EngineAddress(URI uri, @Nullable SSLConfig tls) {
    private static final String PIPE = "npipe:////./pipe/docker_engine";
    private static final int PLAIN_PORT = 2375;
    private static final int TLS_PORT = 2376;

    /**
     * Checks an address and adds the port that the docker command takes if it has none.
     *
     * @throws IllegalArgumentException if it is not an address of an engine
     */
    public static EngineAddress of(URI uri, @Nullable SSLConfig tls) {
        String scheme = uri.getScheme() == null ? "" : uri.getScheme();
        switch (scheme) {
            case "unix", "npipe" -> {
                return new EngineAddress(uri, tls);
            }
            case "ssh" -> {
                return new EngineAddress(checkedSsh(uri), tls);
            }
            case "tcp" -> {
                if (uri.getHost() == null || uri.getPort() >= 0) {
                    return new EngineAddress(uri, tls);
                }
                int port = tls == null ? PLAIN_PORT : TLS_PORT;
                return new EngineAddress(URI.create("tcp://" + uri.getHost() + ":" + port), tls);
            }
            default ->
                throw new IllegalArgumentException(
                        "not an address of an engine, expected unix:, tcp:, ssh: or npipe: '" + uri + "'");
        }
    }

    /** Its path is part of a command line of the other machine. */
    private static URI checkedSsh(URI uri) {
        String path = uri.getPath() == null ? "" : uri.getPath();
        String user = uri.getUserInfo() == null ? "" : uri.getUserInfo();
        if (uri.getHost() == null || user.contains(":") || !path.matches("[A-Za-z0-9/._-]*")) {
            throw new IllegalArgumentException(
                    "not an address of an engine, expected ssh://[user@]host[:port][/path of a socket]: '" + uri + "'");
        }
        return uri;
    }

    /**
     * Reads certificates.
     *
     * @param directory with {@code ca.pem}, {@code cert.pem} and {@code key.pem}
     */
    public static SSLConfig tls(Path directory) throws IOException {
        for (String file : List.of("ca.pem", "cert.pem", "key.pem")) {
            if (!Files.isReadable(directory.resolve(file))) {
                throw new IOException("cannot read " + directory.resolve(file));
            }
        }
        LocalDirectorySSLConfig config = new LocalDirectorySSLConfig(directory.toString());
        try {
            // Read now rather than with the first request.
            config.getSSLContext();
            return config;
        } catch (RuntimeException e) {
            throw new IOException("cannot use the certificates in " + directory + ": " + e.getMessage(), e);
        }
    }

    /** Returns whether another process can connect in the same way. */
    public boolean isKnownToOthers() {
        return tls == null || certificates().isPresent();
    }

    /** Returns the directory of the certificates, if they are in one. */
    public Optional<Path> certificates() {
        return tls instanceof LocalDirectorySSLConfig files
                ? Optional.of(Path.of(files.getDockerCertPath()))
                : Optional.empty();
    }

    /** Takes the address of a configuration. */
    public static EngineAddress of(DockerClientConfig config) {
        return of(config.getDockerHost(), config.getSSLConfig());
    }

    /**
     * Finds the engine that the docker command means: {@code DOCKER_HOST}, {@code DOCKER_CONTEXT}, the current context,
     * then the sockets of Docker, Docker Desktop, Colima, Rancher Desktop and Podman.
     *
     * @throws IllegalArgumentException if an address or a context is unknown
     * @throws DockerException if there is no socket
     */
    public static EngineAddress ofEnvironment() throws DockerException {
        return ofEnvironment(System.getenv(), Path.of(System.getProperty("user.home")), Path.of("/"));
    }

    /** The same for another environment; paths of sockets are below a root. */
    static EngineAddress ofEnvironment(Map<String, String> environment, Path home, Path root) throws DockerException {
        String host = environment.getOrDefault("DOCKER_HOST", "");
        Path directory = Path.of(environment.getOrDefault(
                "DOCKER_CONFIG", home.resolve(".docker").toString()));
        if (!host.isEmpty()) {
            return ofHost(host, environment, directory);
        }
        DefaultDockerClientConfig.Builder builder =
                new DefaultDockerClientConfig.Builder().withDockerConfig(directory.toString());
        String context = environment.getOrDefault("DOCKER_CONTEXT", "");
        if (context.isEmpty()) {
            context = Optional.ofNullable(builder.build().getDockerConfig().getCurrentContext())
                    .orElse("");
        }
        if (!context.isEmpty() && !context.equals("default")) {
            checkContext(directory, context);
            return of(builder.withDockerContext(context).build());
        }
        return ofSocket(environment, home, root);
    }

    private static EngineAddress ofHost(String host, Map<String, String> environment, Path directory) {
        URI uri = URI.create(host.contains("://") ? host : "tcp://" + host);
        if (environment.getOrDefault("DOCKER_TLS_VERIFY", "").isEmpty()) {
            return of(uri, null);
        }
        String certificates = environment.getOrDefault("DOCKER_CERT_PATH", "");
        try {
            return of(uri, tls(certificates.isEmpty() ? directory : Path.of(certificates)));
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot connect to " + uri + ": " + e.getMessage(), e);
        }
    }

    /** The name of a context's directory is the digest of its name. */
    private static void checkContext(Path directory, String context) {
        byte[] name = context.getBytes(StandardCharsets.UTF_8);
        Path file = directory
                .resolve("contexts/meta")
                .resolve(Digests.hex(Digests.sha256(name, name.length)))
                .resolve("meta.json");
        if (!Files.isReadable(file)) {
            throw new IllegalArgumentException("there is no docker context '" + context + "', since " + file
                    + " cannot be read; see: docker context ls");
        }
    }

    private static EngineAddress ofSocket(Map<String, String> environment, Path home, Path root)
            throws DockerException {
        if (System.getProperty("os.name").startsWith("Windows")) {
            return of(URI.create(PIPE), null);
        }
        List<Path> sockets = new ArrayList<>(List.of(root.resolve("var/run/docker.sock")));
        String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        if (!runtime.isEmpty()) {
            sockets.add(Path.of(runtime, "docker.sock"));
        }
        for (String path : List.of(
                ".docker/run/docker.sock",
                ".docker/desktop/docker.sock",
                ".colima/default/docker.sock",
                ".rd/docker.sock")) {
            sockets.add(home.resolve(path));
        }
        sockets.add(root.resolve("run/podman/podman.sock"));
        if (!runtime.isEmpty()) {
            sockets.add(Path.of(runtime, "podman/podman.sock"));
        }
        for (Path socket : sockets) {
            if (Files.exists(socket)) {
                return of(URI.create("unix://" + socket), null);
            }
        }
        throw new DockerException(
                DockerException.Kind.UNREACHABLE,
                "no container engine was found: DOCKER_HOST and DOCKER_CONTEXT are not set, and there is no socket at "
                        + String.join(", ", sockets.stream().map(Path::toString).toList())
                        + "; start an engine, or set DOCKER_HOST");
    }

    /** Returns how to connect to it. */
    public Transport transport() {
        return uri.getScheme().equals("ssh") ? new SshTransport(uri) : Transport.to(uri, tls);
    }
}
