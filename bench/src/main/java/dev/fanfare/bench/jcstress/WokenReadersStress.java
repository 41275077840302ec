package dev.fanfare.bench.jcstress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/// Two publishers put two feeds on the loop's stack of woken readers while the loop takes all that is on it.
@JCStressTest
@Outcome(id = "2, 1, 0", expect = Expect.ACCEPTABLE, desc = "Both feeds were read to their ends.")
@Outcome(id = "1, 1, 0", expect = Expect.FORBIDDEN, desc = "The feed woken before was forgotten.")
@Outcome(id = "2, 0, 0", expect = Expect.FORBIDDEN, desc = "The feed woken for the first time was forgotten.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Something came twice, or torn.")
@State
public class WokenReadersStress {

    private final HandTurnedLoop loop = new HandTurnedLoop();
    private final WatchedFeed one = new WatchedFeed(loop, "stress.one");
    private final WatchedFeed other = new WatchedFeed(loop, "stress.other");

    /// One feed is on the stack.
    public WokenReadersStress() {
        one.publish(0);
    }

    /// Publishes to the feed that is on the stack.
    @Actor
    public void publisher() {
        one.publish(1);
    }

    /// Publishes to the one that is not.
    @Actor
    public void otherPublisher() {
        other.publish(0);
    }

    /// Takes what is on the stack.
    @Actor
    public void loop() {
        loop.turn();
    }

    /// Takes the turns that were asked for meanwhile.
    @Arbiter
    public void afterwards(III_Result result) {
        loop.turnsLeft();
        result.r1 = one.frames;
        result.r2 = other.frames;
        result.r3 = one.wrong + other.wrong;
        one.leave();
        other.leave();
    }
}
