package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Serial;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/// Whatever peers do, the log stays one that can be read.
class LogLimitTest {

    private final Lines lines = new Lines();
    private final LogLimit limit = new LogLimit(lines);

    /// Keeps what is logged.
    private static final class Lines extends LegacyAbstractLogger {

        @Serial
        private static final long serialVersionUID = 1;

        private final transient List<String> said = new ArrayList<>();

        @Override
        protected void handleNormalizedLoggingCall(
                Level level,
                @Nullable Marker marker,
                String format,
                Object @Nullable [] arguments,
                @Nullable Throwable cause) {
            said.add(level + " " + MessageFormatter.basicArrayFormat(format, arguments));
        }

        @Override
        protected @Nullable String getFullyQualifiedCallerName() {
            return null;
        }

        @Override
        public boolean isTraceEnabled() {
            return false;
        }

        @Override
        public boolean isDebugEnabled() {
            return false;
        }

        @Override
        public boolean isInfoEnabled() {
            return true;
        }

        @Override
        public boolean isWarnEnabled() {
            return true;
        }

        @Override
        public boolean isErrorEnabled() {
            return true;
        }
    }

    @Test
    void aHundredLinesASecondAndThenHowManyWereLeftOut() {
        for (int i = 0; i < 150; i++) {
            limit.info(5, "line {}", i);
        }
        assertThat(lines.said).hasSize(100).startsWith("INFO line 0").endsWith("INFO line 99");

        limit.warn(1_000_000_005L, "next {}", "second");

        assertThat(lines.said.subList(100, lines.said.size()))
                .containsExactly("WARN 50 more lines like these were left out within a second", "WARN next second");
    }

    @Test
    void whatAPeerChoseIsNotLoggedAtAnyLength() {
        limit.info(5, "{} refused", "x".repeat(900_000));

        assertThat(lines.said).containsExactly("INFO " + "x".repeat(1_000) + "... (900000 characters) refused");
    }

    @Test
    void whatCantBeSeenIsShown() {
        limit.info(5, "{}", "left\u202eto\u2066right\u200b \ud800 \udb40\udc41 \ue000");

        assertThat(lines.said).containsExactly("INFO left\\u202eto\\u2066right\\u200b \\ud800 \\udb40\\udc41 \\ue000");
    }

    @Test
    void whatAPeerChoseStaysWithinItsLine() {
        limit.info(5, "{} refused: {}", "a\nb\r\n\u001b[31mred", "unknown type '\u0085\u2028\u007f\t'");
        limit.warn(5, "{}", "plain é 世界 😀");

        assertThat(lines.said)
                .containsExactly(
                        "INFO a\\u000ab\\u000d\\u000a\\u001b[31mred refused: unknown type '\\u0085\\u2028\\u007f\\u0009'",
                        "WARN plain é 世界 😀");
    }
}
