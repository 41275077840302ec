package dev.fanfare.server.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// RFC 7692, sections 5 and 7.1: which offers can be accepted as they are.
class ExtensionsTest {

    private static boolean accepted(String... lines) {
        HttpHeaders headers = new DefaultHttpHeaders();
        for (String line : lines) {
            headers.add(HttpHeaderNames.SEC_WEBSOCKET_EXTENSIONS, line);
        }
        return Extensions.offersDeflate(headers);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "permessage-deflate",
                "permessage-deflate ;client_max_window_bits",
                "Permessage-Deflate",
                "permessage-deflate; client_max_window_bits",
                "permessage-deflate;client_max_window_bits=8",
                "permessage-deflate; client_max_window_bits = 15",
                "permessage-deflate; client_max_window_bits=\"10\"",
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                "x-webkit-deflate-frame, permessage-deflate",
                "permessage-deflate; server_max_window_bits=10, permessage-deflate; client_max_window_bits",
            })
    void acceptsWhatItCanKeep(String offer) {
        assertThat(accepted(offer)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",",
                ";",
                "permessage-deflat",
                "permessage-deflate2",
                "permessage-bzip2; client_max_window_bits",
                "x-webkit-deflate-frame",
                "permessage-deflate;",
                "permessage-deflate; ; client_max_window_bits",
                "permessage-deflate; server_max_window_bits=15",
                "permessage-deflate; server_max_window_bits",
                "permessage-deflate; unknown",
                "permessage-deflate; unknown=1",
                "permessage-deflate; client_max_window_bits=7",
                "permessage-deflate; client_max_window_bits=16",
                "permessage-deflate; client_max_window_bits=",
                "permessage-deflate; client_max_window_bits=ten",
                "permessage-deflate; client_max_window_bits=08",
                "permessage-deflate; client_max_window_bits=\"10",
                "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
                "permessage-deflate; server_no_context_takeover=1",
                "permessage-deflate; client_no_context_takeover=",
                "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            })
    void declinesTheRest(String offer) {
        assertThat(accepted(offer)).isFalse();
    }

    @Test
    void oneGoodOfferInAnyHeaderIsEnough() {
        assertThat(accepted()).isFalse();
        assertThat(accepted("foo", "bar; x=1, permessage-deflate")).isTrue();
        assertThat(accepted("permessage-deflate; nonsense", "permessage-deflate"))
                .isTrue();
        assertThat(accepted("foo", "bar")).isFalse();
    }
}
