package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// `fanfare serve` with clients that mean it ill, while others measure what they notice: the process lives, says so,
/// serves the others, and is as before when they are gone.
class HostileIT {

    /// How much slower the slowest hundredth of the others' messages may become, in the long form.
    private static final double SLOWER = 2;

    @Test
    void attacksAreSurvived() throws Exception {
        run(Duration.ofMillis(400), false);
    }

    @Test
    @Tag("stress")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void attacksAreSurvivedAndHardlyNoticed() throws Exception {
        run(Duration.ofSeconds(Integer.getInteger("fanfare.seconds", 15)), true);
    }

    private static void run(Duration each, boolean compared) throws Exception {
        try (Command serve = Command.fanfare(
                "serve",
                "--port=0",
                "--memory=256 MiB",
                "--buffer-memory=16 MiB",
                "--max-connections=400",
                "--handshake-timeout=1s",
                "--subscriber-queue=10000",
                "--permessage-deflate=true")) {
            String address = serve.lineWith("WebSocket").replaceFirst(".*ws://(.*)/ws", "$1");
            int port = Integer.parseInt(address.replaceFirst(".*:", ""));
            try (Bystanders bystanders = new Bystanders("http://" + address)) {
                if (compared) {
                    bystanders.measure(each); // the server has to be warm to be compared
                }
                Bystanders.Figures calm = bystanders.measure(each);
                System.out.println("calm: " + calm);
                List<String> slower = new ArrayList<>();
                for (Attack.Kind kind : Attack.Kind.values()) {
                    Bystanders.Figures during;
                    try (Attack attack = new Attack(kind, port)) {
                        await(() -> attack.blows() > 0, kind + " to begin");
                        during = bystanders.measure(each);
                        assertThat(Attack.status(port, "/health/live"))
                                .as("%s", kind)
                                .isEqualTo(200);
                        System.out.println(kind.name().toLowerCase(Locale.ROOT) + ": " + during + ", " + attack.blows()
                                + " blows");
                    }
                    assertThat(serve.endsWithin(Duration.ZERO))
                            .as("%s ends the process", kind)
                            .isFalse();
                    assertThat(during.messages()).as("%s", kind).isPositive();
                    if (during.p99Millis() > SLOWER * calm.p99Millis()) {
                        slower.add(kind + ": " + during);
                    }
                    await(() -> Attack.status(port, "/health/ready") == 200, "to be ready after " + kind);
                    await(() -> Attack.status(port, "/topics") == 200, "room after " + kind);
                }
                Bystanders.Figures after = bystanders.measure(each);
                System.out.println("after: " + after);
                assertThat(after.refused()).isZero();
                assertThat(bystanders.lost()).isZero();
                if (compared) {
                    assertThat(slower).as("more than %s times %s", SLOWER, calm).isEmpty();
                }
            }
            serve.signal("TERM");
            assertThat(serve.exitCode()).isZero();
        }
    }

    /// A condition that may throw.
    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(Condition condition, String what) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.holds()) {
            assertThat(System.nanoTime()).as("waiting " + what).isLessThan(deadline);
            LockSupport.parkNanos(20_000_000);
        }
    }
}
