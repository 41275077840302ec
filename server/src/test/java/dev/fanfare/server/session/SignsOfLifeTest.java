package dev.fanfare.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SignsOfLifeTest {

    private final SignsOfLife life = new SignsOfLife(0);

    private static long seconds(long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    @Test
    void whoWasNotAskedIsNotGoneHoweverShortAHeartbeatHasBecome() {
        assertThat(life.gone(seconds(20), seconds(30))).isFalse();
        assertThat(life.pingDue(seconds(20), seconds(30))).isFalse();
        // Read anew: 5 s from here on.
        assertThat(life.gone(seconds(20), seconds(5))).isFalse();
        assertThat(life.pingDue(seconds(20), seconds(5))).isTrue();
        assertThat(life.pingDue(seconds(21), seconds(5)))
                .as("once for a silence")
                .isFalse();
        assertThat(life.gone(seconds(24), seconds(5))).isFalse();
        assertThat(life.gone(seconds(25), seconds(5))).isTrue();
    }

    @Test
    void anAnswerInTheSameInstantIsOne() {
        assertThat(life.pingDue(seconds(30), seconds(30))).isTrue();
        life.received(seconds(30));
        assertThat(life.gone(seconds(60), seconds(30))).isFalse();
        assertThat(life.pingDue(seconds(60), seconds(30))).isTrue();
    }

    @Test
    void theTimeOfAMessageBeginsWithEachAndGoesOnWhateverElseIsHeard() {
        assertThat(life.unfinishedNanos(seconds(1), 1)).isZero();
        life.received(seconds(5));
        assertThat(life.unfinishedNanos(seconds(9), 1)).isEqualTo(seconds(8));
        assertThat(life.unfinishedNanos(seconds(10), 2)).isZero();
        assertThat(life.unfinishedNanos(seconds(12), 0)).isZero();
        assertThat(life.unfinishedNanos(seconds(14), 2)).as("read on").isZero();
    }
}
