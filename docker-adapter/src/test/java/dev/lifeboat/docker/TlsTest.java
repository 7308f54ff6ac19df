package dev.lifeboat.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.EngineAddress;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * TLS on both sides, with the certificates of openssl, in both forms of keys. Needs no engine: the server answers a
 * ping and no more.
 */
@Timeout(120)
class TlsTest {
    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private void certificates(String folder, String keyForm) throws Exception {
        Path d = dir.resolve(folder);
        Files.createDirectories(d);
        Shell.sh("cd " + d
                + " && openssl req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -out ca.pem -days 2 -subj /CN=ca 2>/dev/null"
                + " && for n in server client; do openssl req -newkey rsa:2048 -nodes -keyout $n-key.pem -out $n.csr -subj /CN=$n 2>/dev/null"
                + " && printf 'subjectAltName=IP:127.0.0.1\\n' > ext && openssl x509 -req -in $n.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial"
                + " -out $n.pem -days 2 -extfile ext 2>/dev/null; done"
                + " && mkdir client server && cp ca.pem client && cp ca.pem server && cp client.pem client/cert.pem && cp server.pem server/cert.pem"
                + " && cp server-key.pem server/key.pem && openssl rsa " + keyForm
                + " -in client-key.pem -out client/key.pem 2>/dev/null");
    }

    private static void answer(SSLServerSocket server) {
        try {
            while (true) {
                try (Socket socket = server.accept()) {
                    InputStream in = socket.getInputStream();
                    StringBuilder head = new StringBuilder();
                    for (int b; head.indexOf("\r\n\r\n") < 0 && (b = in.read()) >= 0; ) {
                        head.append((char) b);
                    }
                    OutputStream out = socket.getOutputStream();
                    String body = head.indexOf("/version ") > 0
                            ? "{\"ApiVersion\":\"1.41\",\"Components\":[{\"Name\":\"Engine\"}]}"
                            : "{\"Id\":\"0123\",\"Name\":\"/over-tls\"}";
                    out.write(("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + body.length() + "\r\n\r\n"
                                    + body)
                            .getBytes(StandardCharsets.US_ASCII));
                    out.flush();
                } catch (javax.net.ssl.SSLException e) {
                    // A client that was refused.
                    continue;
                }
            }
        } catch (IOException e) {
            // Closed.
            return;
        }
    }

    private String nameBy(String serverFolder, String clientFolder) throws Exception {
        var context = EngineAddress.tls(dir.resolve(serverFolder)).getSSLContext();
        try (SSLServerSocket server = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            server.setNeedClientAuth(true);
            Thread thread = new Thread(() -> answer(server));
            thread.setDaemon(true);
            thread.start();
            try (Docker docker =
                    Docker.at(URI.create("tcp://127.0.0.1:" + server.getLocalPort()), dir.resolve(clientFolder))) {
                return docker.container("x").name();
            }
        }
    }

    @Test
    void certificatesOfDocker_areUsed() throws Exception {
        certificates("pkcs8", "");
        certificates("pkcs1", "-traditional");
        assertThat(Files.readString(dir.resolve("pkcs1/client/key.pem"))).contains("BEGIN RSA PRIVATE KEY");
        assertThat(nameBy("pkcs8/server", "pkcs8/client")).isEqualTo("container:over-tls");
        assertThat(nameBy("pkcs1/server", "pkcs1/client")).isEqualTo("container:over-tls");
        assertThatThrownBy(() -> nameBy("pkcs8/server", "pkcs1/client"))
                .as("a client of another authority")
                .isInstanceOf(DockerException.class);
    }
}
