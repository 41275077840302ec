package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AllowedOriginsTest {

    private final AllowedOrigins local = AllowedOrigins.parse("local").orElseThrow();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://localhost",
                "http://localhost:3000",
                "https://LOCALHOST:8443",
                "http://127.0.0.1:1",
                "http://[::1]:80"
            })
    void localPagesAreAllowedByDefault(String origin) {
        assertThat(local.allows(origin)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://localhost.evil.example",
                "http://evil.example",
                "http://127.0.0.1.evil.example",
                "http://127.0.0.2",
                "http://user@localhost",
                "http://localhost/path",
                "file://localhost",
                "null",
                "",
                "localhost",
                "http://",
                "http://localhost:port"
            })
    void otherPagesAreNot(String origin) {
        assertThat(local.allows(origin)).isFalse();
    }

    @Test
    void whoIsNoPageIsAllowed() {
        assertThat(local.allows(null)).isTrue();
    }

    @Test
    void listedPagesAreAllowedExactly() {
        AllowedOrigins listed =
                AllowedOrigins.parse("https://app.example, http://10.0.0.1:81").orElseThrow();

        assertThat(listed.allows("https://app.example")).isTrue();
        assertThat(listed.allows("https://app.example:444")).isFalse();
        assertThat(listed.allows("http://app.example")).isFalse();
        assertThat(listed.allows("http://10.0.0.1:81")).isTrue();
        assertThat(listed.allows("http://localhost")).isFalse();
    }

    @Test
    void aStarAllowsAll() {
        AllowedOrigins any = AllowedOrigins.parse("*").orElseThrow();

        assertThat(any.allows("https://anything.example")).isTrue();
        assertThat(any.allows("null")).isTrue();
    }
}
