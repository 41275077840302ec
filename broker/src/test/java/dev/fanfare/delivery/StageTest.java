package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.watch.StageWatch;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StageTest {

    @Test
    void theTable() {
        List<String> allowed = new ArrayList<>();
        for (Stage from : Stage.values()) {
            for (Stage to : Stage.values()) {
                if (from.allows(to)) {
                    allowed.add(from + " " + to);
                }
            }
        }
        assertThat(allowed)
                .containsExactlyInAnyOrder(
                        "CREATED QUEUED",
                        "QUEUED DELIVERING",
                        "QUEUED DELIVERED",
                        "QUEUED FAILED",
                        "QUEUED RETRY_SCHEDULED",
                        "DELIVERED QUEUED",
                        "DELIVERING DELIVERED",
                        "DELIVERING FAILED",
                        "DELIVERING QUEUED",
                        "FAILED RETRY_SCHEDULED",
                        "FAILED DEAD_LETTER",
                        "RETRY_SCHEDULED QUEUED",
                        "RETRY_SCHEDULED DELIVERED",
                        "RETRY_SCHEDULED FAILED",
                        "DEAD_LETTER QUEUED");
    }

    @Test
    void whatItDoesNotAllowIsABug() {
        assertThatThrownBy(() -> Stage.DELIVERED.to(Stage.DELIVERING))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("a message that is DELIVERED can't become DELIVERING");
        assertThatThrownBy(StageWatch::check)
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("1 transitions");
    }

    @Test
    void onWhateverThreadItHappensTheTestFails() throws Exception {
        long before = Stage.violations();
        Thread thread = Thread.ofVirtual().start(() -> {
            try {
                var _ = Stage.CREATED.to(Stage.DELIVERED);
            } catch (IllegalStateException logged) {
                // As a thread of the broker would do.
            }
        });
        thread.join();
        assertThat(Stage.violations()).isEqualTo(before + 1);
        assertThatThrownBy(StageWatch::check).isInstanceOf(AssertionError.class);
        StageWatch.check();
    }
}
