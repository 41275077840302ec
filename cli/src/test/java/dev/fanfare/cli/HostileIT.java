package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// `fanfare serve` with clients that mean it ill, while others measure what they notice: the process lives, says so,
/// serves the others, and is as before when they are gone.
class HostileIT {

    /// How much slower the slowest hundredth of the others' messages may become, in the long form: compared with the
    /// same attack on another server of this machine, since attackers take their part of it.
    private static final double SLOWER = 2;

    private static final String[] SERVE = {
        "serve",
        "--port=0",
        "--memory=256 MiB",
        "--buffer-memory=16 MiB",
        "--max-connections=400",
        "--handshake-timeout=1s",
        "--subscriber-queue=10000",
        "--permessage-deflate=true"
    };

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
        try (Command serve = Command.fanfare(SERVE);
                @Nullable Command decoy = compared ? Command.fanfare(SERVE) : null) {
            int port = port(serve);
            int other = decoy == null ? 0 : port(decoy);
            try (Bystanders bystanders = new Bystanders("http://127.0.0.1:" + port)) {
                if (compared) {
                    bystanders.measure(each); // the server has to be warm to be compared
                }
                Bystanders.Figures calm = bystanders.measure(each);
                System.out.println("calm: " + calm);
                List<String> slower = new ArrayList<>();
                for (Attack.Kind kind : Attack.Kind.values()) {
                    String elsewhere = "";
                    double bound = Double.POSITIVE_INFINITY;
                    if (compared) {
                        attacked(kind, port, bystanders, each); // warm for this kind, too
                        Bystanders.Figures figures = attacked(kind, other, bystanders, each);
                        elsewhere = ", elsewhere: " + figures;
                        bound = SLOWER * Math.max(figures.p99Millis(), calm.p99Millis());
                        await(() -> Attack.status(other, "/topics") == 200, "room after " + kind);
                    }
                    Bystanders.Figures during = attacked(kind, port, bystanders, each);
                    assertThat(serve.endsWithin(Duration.ZERO))
                            .as("%s ends the process", kind)
                            .isFalse();
                    assertThat(during.messages()).as("%s", kind).isPositive();
                    if (during.p99Millis() > bound) {
                        slower.add(kind + ": " + during + elsewhere);
                    }
                    await(() -> Attack.status(port, "/health/ready") == 200, "to be ready after " + kind);
                    await(() -> Attack.status(port, "/topics") == 200, "room after " + kind);
                }
                Bystanders.Figures after = bystanders.measure(each);
                System.out.println("after: " + after);
                assertThat(after.refused()).isZero();
                assertThat(bystanders.lost()).isZero();
                assertThat(slower)
                        .as("more than %s times, calm %s", SLOWER, calm)
                        .isEmpty();
            }
            serve.signal("TERM");
            assertThat(serve.exitCode()).isZero();
        }
    }

    private static int port(Command serve) throws Exception {
        return Integer.parseInt(serve.lineWith("WebSocket").replaceFirst(".*ws://.*:(\\d+)/ws", "$1"));
    }

    /// What bystanders notice while the server of this port is attacked.
    private static Bystanders.Figures attacked(Attack.Kind kind, int port, Bystanders bystanders, Duration each)
            throws Exception {
        try (Attack attack = new Attack(kind, port)) {
            await(() -> attack.blows() > 0, kind + " to begin");
            Bystanders.Figures during = bystanders.measure(each);
            assertThat(Attack.status(port, "/health/live")).as("%s", kind).isEqualTo(200);
            System.out.println(kind.name().toLowerCase(Locale.ROOT) + " on " + port + ": " + during + ", "
                    + attack.blows() + " blows");
            return during;
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
