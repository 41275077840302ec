package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.client.ClientException;
import dev.fanfare.client.ClientOptions;
import dev.fanfare.client.FanfareClient;
import dev.fanfare.client.PemFiles;
import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.ServerConfig;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The Java client and a server that speaks TLS and asks for certificates.
class EncryptedClientTest {

    @TempDir
    private Path folder;

    private static X509Bundle authority() throws Exception {
        return new CertificateBuilder()
                .ecp256()
                .subject("CN=ours")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    @Test
    void itTrustsWhomItIsToldToAndShowsWhatItIsGiven() throws Exception {
        X509Bundle authority = authority();
        X509Bundle server = new CertificateBuilder()
                .ecp256()
                .subject("CN=server")
                .addSanDnsName("localhost")
                .buildIssuedBy(authority);
        X509Bundle own = new CertificateBuilder().ecp256().subject("CN=me").buildIssuedBy(authority);
        Path ca = write("ca.pem", authority.getRootCertificatePEM());
        Path certificate = write("own.pem", own.getCertificatePathPEM());
        Path key = write("own-key.pem", own.getPrivateKeyPEM());
        ServerConfig config = ServerConfig.of(Map.of(
                "port", "0",
                "tls-certificate",
                        write("cert.pem", server.getCertificatePathPEM()).toString(),
                "tls-key", write("key.pem", server.getPrivateKeyPEM()).toString(),
                "tls-client-ca", ca.toString()));
        try (FanfareServer running = FanfareServer.start(config)) {
            String url = "https://localhost:" + running.port();
            ClientOptions defaults = ClientOptions.defaults();
            try (FanfareClient client =
                    FanfareClient.open(url, defaults.withTls(PemFiles.context(ca, certificate, key)))) {
                assertThat(client.createTopic("t")).isTrue();
                assertThat(client.publish("t", "\"hello\"").get().messageId()).isNotEmpty();
            }
            for (ClientOptions wrong :
                    new ClientOptions[] {defaults, defaults.withTls(PemFiles.context(ca, null, null))}) {
                try (FanfareClient stranger = FanfareClient.open(url, wrong)) {
                    assertThatThrownBy(() -> stranger.createTopic("u")).isInstanceOf(ClientException.class);
                }
            }
        }
    }

    @Test
    void filesThatAreNoGoodAreNamed() throws Exception {
        Path none = write("none", "nothing");
        assertThatThrownBy(() -> PemFiles.context(none, null, null)).hasMessageContaining("there is no certificate in");
        assertThatThrownBy(() -> PemFiles.context(null, none, null)).hasMessageContaining("needs its key");
    }
}
