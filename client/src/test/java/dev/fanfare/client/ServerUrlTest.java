package dev.fanfare.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerUrlTest {

    @ParameterizedTest
    @CsvSource({
        "http://localhost:8080, ws://localhost:8080/ws, http://localhost:8080",
        "localhost:8080, ws://localhost:8080/ws, http://localhost:8080",
        "ws://localhost:8080/ws, ws://localhost:8080/ws, http://localhost:8080",
        "http://localhost:8080/, ws://localhost:8080/ws, http://localhost:8080",
        "https://example.org/fanfare/, wss://example.org/fanfare/ws, https://example.org/fanfare",
        "wss://example.org/fanfare/ws, wss://example.org/fanfare/ws, https://example.org/fanfare",
        "HTTP://[::1]:9000, ws://[::1]:9000/ws, http://[::1]:9000",
        "http://h/ws?client_id=me, ws://h/ws?client_id=me, http://h",
    })
    void knowsBothAddressesFromEither(String given, String webSocket, String http) {
        ServerUrl url = ServerUrl.parse(given);
        assertThat(url.webSocket()).hasToString(webSocket);
        assertThat(url.http()).isEqualTo(http);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://localhost", "http://", "http://a b", "http:///ws", "://x"})
    void refusesWhatIsNoAddress(String given) {
        assertThatThrownBy(() -> ServerUrl.parse(given))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + given + "'");
    }

    @Test
    void saysWhichSchemesThereAre() {
        assertThatThrownBy(() -> FanfareClient.open("ftp://localhost"))
                .hasMessage("'ftp://localhost' must begin with http://, https://, ws:// or wss://");
    }
}
