package dev.lifeboat.oci.internal.client;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Certificates of authorities that are trusted besides those that Java trusts. */
final class Tls {
    /** Where the engine reads those of a registry: docs.docker.com, "Verify repository client with certificates". */
    private static final Path ENGINE_CERTIFICATES = Path.of("/etc/docker/certs.d");

    private Tls() {}

    /**
     * Returns a context that also trusts the authorities in PEM files, and those that the engine on this machine trusts
     * for the registry; empty if there are none.
     */
    static Optional<SSLContext> trusting(List<Path> files, RegistryAddress address) throws IOException {
        List<Path> all = new ArrayList<>(files);
        all.addAll(ofEngine(address));
        if (all.isEmpty()) {
            return Optional.empty();
        }
        try {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            int n = 0;
            for (X509TrustManager manager : managers(null)) {
                for (Certificate authority : manager.getAcceptedIssuers()) {
                    trusted.setCertificateEntry("a" + n++, authority);
                }
            }
            for (Path file : all) {
                for (Certificate authority : read(file)) {
                    trusted.setCertificateEntry("a" + n++, authority);
                }
            }
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers(trusted).toArray(new TrustManager[0]), null);
            return Optional.of(context);
        } catch (GeneralSecurityException e) {
            throw new IOException("TLS cannot be set up with the certificates of " + all, e);
        }
    }

    private static List<X509TrustManager> managers(@Nullable KeyStore trusted) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trusted);
        List<X509TrustManager> managers = new ArrayList<>();
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager x509) {
                managers.add(x509);
            }
        }
        return managers;
    }

    private static List<Path> ofEngine(RegistryAddress address) throws IOException {
        Path directory = ENGINE_CERTIFICATES.resolve(address.name());
        if (!directory.startsWith(ENGINE_CERTIFICATES) || !Files.isReadable(directory)) {
            return List.of();
        }
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> listed = Files.newDirectoryStream(directory, "*.crt")) {
            listed.forEach(files::add);
        }
        return files;
    }

    private static List<Certificate> read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            List<Certificate> certificates =
                    List.copyOf(CertificateFactory.getInstance("X.509").generateCertificates(in));
            if (certificates.isEmpty()) {
                throw new IOException("'" + file + "' has no certificate");
            }
            return certificates;
        } catch (GeneralSecurityException e) {
            throw new IOException("'" + file + "' has no certificates in PEM format", e);
        }
    }
}
