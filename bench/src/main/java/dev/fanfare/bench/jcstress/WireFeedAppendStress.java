package dev.fanfare.bench.jcstress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// A publisher appends to a chunk, whose index of frames has to grow for that, while a subscriber reads from it.
@JCStressTest
@Outcome(id = "12, 0", expect = Expect.ACCEPTABLE, desc = "All came, in order and whole.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A frame was seen before its bytes or its place in the index.")
@State
public class WireFeedAppendStress {

    private static final int BEFORE = 7;
    private static final int ALL = 12;

    private final HandTurnedLoop loop = new HandTurnedLoop();
    private final WatchedFeed feed = new WatchedFeed(loop, "stress.*");

    /// Nearly as many as the index holds at first.
    public WireFeedAppendStress() {
        for (int i = 0; i < BEFORE; i++) {
            feed.publish(i);
        }
    }

    /// Publishes beyond that.
    @Actor
    public void publisher() {
        for (int i = BEFORE; i < ALL; i++) {
            feed.append(i);
        }
        feed.wake();
    }

    /// Reads on and on while frames come.
    @Actor
    public void loop() {
        loop.turn();
    }

    /// Takes the turns that were asked for meanwhile.
    @Arbiter
    public void afterwards(II_Result result) {
        loop.turnsLeft();
        result.r1 = feed.frames;
        result.r2 = feed.wrong;
        feed.leave();
    }
}
