package dev.fanfare.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The tables of error and close codes.
class WireTablesTest {

    @Test
    void theStandardDialectHasTheseCodes() {
        assertThat(names(true))
                .isEqualTo(Set.of(
                        "BAD_REQUEST",
                        "TOPIC_NOT_FOUND",
                        "SLOW_CONSUMER",
                        "UNAUTHORIZED",
                        "FORBIDDEN",
                        "RATE_LIMITED",
                        "TOO_LARGE",
                        "LIMIT_REACHED",
                        "BACKPRESSURE",
                        "NO_RESPONDERS",
                        "TIMEOUT",
                        "SHUTTING_DOWN",
                        "INTERNAL"));
    }

    @Test
    void theFlatDialectHasTheseCodes() {
        assertThat(names(false))
                .isEqualTo(Set.of(
                        "INVALID_JSON",
                        "INVALID_MESSAGE",
                        "UNKNOWN_MESSAGE_TYPE",
                        "VALIDATION_ERROR",
                        "TOPIC_NOT_FOUND",
                        "NOT_SUBSCRIBED",
                        "RATE_LIMITED",
                        "SLOW_CONSUMER",
                        "INTERNAL"));
    }

    private static Set<String> names(boolean standard) {
        return Arrays.stream(WireError.Code.values())
                .map(code -> standard ? code.standard() : code.flat())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void anErrorIsFoundByItsName() {
        assertThat(WireError.of("LIMIT_REACHED", "x")).isEqualTo(new WireError(WireError.Code.LIMIT_REACHED, "x"));
        assertThat(WireError.of("of another version", "x").code()).isEqualTo(WireError.Code.INTERNAL);
    }

    @Test
    void onlyTheseCloseCodesMayBeSent() {
        Set<Integer> refused = Set.of(1004, 1005, 1006);
        for (int code = 0; code < 6000; code++) {
            boolean expected = code >= 1000 && code <= 1014 && !refused.contains(code) || code >= 3000 && code < 5000;
            assertThat(CloseCode.mayBeSent(code)).as("%d", code).isEqualTo(expected);
        }
    }
}
