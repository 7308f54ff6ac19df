package dev.lifeboat.docker.internal.client;

import com.github.dockerjava.transport.SSLConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * TLS configuration from {@code ca.pem}, {@code cert.pem} and {@code key.pem} of a folder, as the docker command uses
 * them.
 */
public final class TlsConfig {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN (RSA |EC |)PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END");

    private TlsConfig() {}

    public static SSLConfig read(Path folder) throws IOException {
        try {
            CertificateFactory certificates = CertificateFactory.getInstance("X.509");
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            int i = 0;
            for (Certificate ca : all(certificates, folder.resolve("ca.pem"))) {
                trusted.setCertificateEntry("ca" + i++, ca);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            KeyStore own = KeyStore.getInstance(KeyStore.getDefaultType());
            own.load(null, null);
            Certificate[] chain = all(certificates, folder.resolve("cert.pem")).toArray(Certificate[]::new);
            own.setKeyEntry("client", key(folder.resolve("key.pem"), chain[0]), new char[0], chain);
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(own, new char[0]);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
            return () -> context;
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot use ca.pem, cert.pem and key.pem of " + folder + ": " + e.getMessage(), e);
        }
    }

    private static Collection<? extends Certificate> all(CertificateFactory factory, Path file)
            throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(file)) {
            return factory.generateCertificates(in);
        }
    }

    private static PrivateKey key(Path file, Certificate certificate) throws IOException, GeneralSecurityException {
        Matcher pem = KEY.matcher(Files.readString(file));
        if (!pem.find()) {
            throw new GeneralSecurityException("key.pem does not hold a private key without a passphrase");
        }
        byte[] der = Base64.getMimeDecoder().decode(pem.group(2).strip());
        if (pem.group(1).equals("EC ")) {
            throw new GeneralSecurityException(
                    "key.pem is an EC key in SEC 1 format; convert it: openssl pkcs8 -topk8 -nocrypt -in key.pem");
        }
        byte[] pkcs8 = pem.group(1).isEmpty() ? der : wrapRsa(der);
        return KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
                .generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    }

    /**
     * Wraps PKCS#1 as PKCS#8: SEQUENCE { INTEGER 0, SEQUENCE { OID rsaEncryption, NULL }, OCTET STRING } (RFC 5958).
     */
    private static byte[] wrapRsa(byte[] pkcs1) {
        byte[] head = {2, 1, 0, 0x30, 13, 6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1, 5, 0};
        byte[] octets = tagged(4, pkcs1);
        byte[] body = java.util.Arrays.copyOf(head, head.length + octets.length);
        System.arraycopy(octets, 0, body, head.length, octets.length);
        return tagged(0x30, body);
    }

    private static byte[] tagged(int tag, byte[] body) {
        byte[] out = new byte[body.length + 4];
        out[0] = (byte) tag;
        out[1] = (byte) 0x82;
        out[2] = (byte) (body.length >> 8);
        out[3] = (byte) body.length;
        System.arraycopy(body, 0, out, 4, body.length);
        return out;
    }
}
