package dev.lifeboat.oci.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A key with a certificate for this machine, that no authority of Java has signed.
 *
 * @param key the key
 * @param certificate signed by itself
 * @param keyFile PEM
 * @param certificateFile PEM
 * @param tls for a server
 */
public record TestKey(PrivateKey key, X509Certificate certificate, Path keyFile, Path certificateFile, SSLContext tls) {
    private static final char[] PASSWORD = "changeit".toCharArray();

    /** Makes one in a directory. */
    public static TestKey create(Path dir) throws IOException, InterruptedException, GeneralSecurityException {
        Path store = dir.resolve("key.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-groupname",
                        "secp256r1",
                        "-alias",
                        "key",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "SAN=ip:" + InetAddress.getLoopbackAddress().getHostAddress() + ",dns:localhost",
                        "-ext",
                        "bc:c",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .redirectErrorStream(true)
                .start();
        String output = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!keytool.waitFor(60, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
            throw new AssertionError("keytool has failed: " + output);
        }
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        PrivateKey key = (PrivateKey) keys.getKey("key", PASSWORD);
        X509Certificate certificate = (X509Certificate) keys.getCertificate("key");
        Path keyFile = pem(dir.resolve("key.pem"), "PRIVATE KEY", key.getEncoded());
        Path certificateFile = pem(dir.resolve("certificate.pem"), "CERTIFICATE", certificate.getEncoded());
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(managers.getKeyManagers(), null, null);
        return new TestKey(key, certificate, keyFile, certificateFile, tls);
    }

    private static Path pem(Path file, String kind, byte[] content) throws IOException {
        return Files.writeString(
                file,
                "-----BEGIN " + kind + "-----\n"
                        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content)
                        + "\n-----END " + kind + "-----\n");
    }
}
