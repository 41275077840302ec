package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// `fanfare demo`, as a process whose output is no terminal.
class DemoIT {

    @Test
    void playsEveryScenePlainlyWithin80ColumnsAndAddsUp() throws Exception {
        try (Command demo = Command.fanfare("demo", "--fast")) {
            assertThat(demo.exitCode()).as("%s", demo.complaints()).isZero();
            assertThat(demo.complaints()).isEmpty();
            assertThat(demo.output())
                    .allSatisfy(line -> assertThat(line).matches("[ -~]{0,80}"))
                    .anyMatch(line -> line.matches("  payments +3 +6 +2 +2 +0 +0  ok"))
                    .anyMatch(line -> line.matches("  invoices +3 +3 +3 +2 +0 +1  ok"))
                    .contains("31 checks: everything adds up.");
            for (String event : new String[] {
                "topic_created",
                "delivered",
                "failed",
                "retry_scheduled",
                "batch_flush",
                "strategy_swapped",
                "backpressure",
                "dead_letter"
            }) {
                assertThat(demo.output()).anyMatch(line -> line.startsWith("      " + event));
            }
        }
    }

    @Test
    void explainsItselfAndRefusesWhatItDoesNotKnow() throws Exception {
        try (Command help = Command.fanfare("demo", "--help");
                Command wrong = Command.fanfare("demo", "--slow")) {
            assertThat(help.exitCode()).isZero();
            assertThat(help.output()).anyMatch(line -> line.contains("--fast"));
            assertThat(wrong.exitCode()).isEqualTo(2);
        }
    }
}
