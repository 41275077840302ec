package dev.fanfare.bench.jcstress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/// A publisher appends and wakes while the loop takes a turn: the wake mark against the drain.
@JCStressTest
@Outcome(
        id = "2, 0, 0",
        expect = Expect.ACCEPTABLE,
        desc = "The turn at hand found both; the loop was not woken again.")
@Outcome(id = "2, 0, 1", expect = Expect.ACCEPTABLE, desc = "The loop was woken again, for the second or for nothing.")
@Outcome(id = "1, 0, .*", expect = Expect.FORBIDDEN, desc = "A wake-up was lost: the second stays behind.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A frame was torn, or came twice.")
@State
public class WireFeedWakeStress {

    private final HandTurnedLoop loop = new HandTurnedLoop();
    private final WatchedFeed feed = new WatchedFeed(loop, "stress.topic");

    /// The first is there, and the loop is woken for it.
    public WireFeedWakeStress() {
        feed.publish(0);
    }

    /// Publishes the second.
    @Actor
    public void publisher() {
        feed.publish(1);
    }

    /// Takes the turn that it was woken for.
    @Actor
    public void loop() {
        loop.turn();
    }

    /// Takes the turns that were asked for meanwhile.
    @Arbiter
    public void afterwards(III_Result result) {
        result.r3 = loop.turnsLeft();
        result.r1 = feed.frames;
        result.r2 = feed.wrong;
        feed.leave();
    }
}
