package dev.lifeboat.oci.internal.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;

/**
 * Where a registry is.
 *
 * @param name as names of images have it, such as {@code registry.example:5000}
 * @param uri where it is asked
 * @param mayBePlain whether it is asked without TLS if it has none
 */
public record RegistryAddress(String name, URI uri, boolean mayBePlain) {
    /** Where Docker Hub is asked, and by which name credentials for it are stored: docker/cli, registry/config.go. */
    private static final String HUB = "docker.io";

    private static final URI HUB_URI = URI.create("https://registry-1.docker.io");
    private static final String HUB_KEY = "https://index.docker.io/v1/";
    private static final List<String> HUB_NAMES = List.of(HUB, "index.docker.io", "registry-1.docker.io");

    /**
     * Parses {@code host}, {@code host:port}, {@code https://host:port} or {@code http://host:port}. As the docker
     * command does it, a registry on this machine may do without TLS; any other one only if the address says so.
     *
     * @throws IllegalArgumentException if it is no such address
     */
    public static RegistryAddress parse(String address) {
        boolean plain = address.startsWith("http://");
        String name = address.replaceFirst("^https?://", "").replaceFirst("/+$", "");
        if (HUB_NAMES.contains(name) && !plain) {
            return new RegistryAddress(HUB, HUB_URI, false);
        }
        URI uri;
        try {
            uri = new URI((plain ? "http://" : "https://") + name).parseServerAuthority();
        } catch (URISyntaxException e) {
            throw invalid(address);
        }
        boolean valid = uri.getHost() != null
                && uri.getUserInfo() == null
                && uri.getPath().isEmpty()
                && uri.getQuery() == null
                && uri.getFragment() == null;
        if (!valid) {
            throw invalid(address);
        }
        boolean given = address.contains("://");
        return new RegistryAddress(name, uri, !given && isLoopback(uri.getHost()));
    }

    private static IllegalArgumentException invalid(String address) {
        return new IllegalArgumentException("'" + address + "' is not the address of a registry: it is like"
                + " registry.example:5000, with http:// before it if the registry has no TLS, and without a path");
    }

    private static boolean isLoopback(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        return name.equals("localhost") || name.matches("127(\\.[0-9]{1,3}){3}") || name.equals("[::1]");
    }

    /** Returns the address without TLS. */
    RegistryAddress plain() {
        return new RegistryAddress(name, URI.create("http://" + uri.getRawAuthority()), false);
    }

    /** Names under which the configuration of the docker command may have credentials for it. */
    List<String> credentialKeys() {
        return name.equals(HUB) ? List.of(HUB_KEY, HUB) : List.of(name, "https://" + name, "http://" + name);
    }

    /** Returns a repository as the registry names it: Docker Hub has those without a user below {@code library}. */
    String repository(String repository) {
        return name.equals(HUB) && !repository.contains("/") ? "library/" + repository : repository;
    }

    /** Whether a request goes to the registry itself, and may have its credentials. */
    boolean isOwn(URI target) {
        return uri.getScheme().equals(target.getScheme())
                && uri.getHost().equalsIgnoreCase(target.getHost())
                && port(uri) == port(target);
    }

    private static int port(URI uri) {
        if (uri.getPort() >= 0) {
            return uri.getPort();
        }
        return uri.getScheme().equals("https") ? 443 : 80;
    }
}
