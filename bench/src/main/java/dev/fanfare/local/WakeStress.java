package dev.fanfare.local;

import dev.fanfare.Dispatch;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// Two publishers wake a loop that is about to find nothing more to do.
@JCStressTest
@Outcome(id = "2, 0", expect = Expect.ACCEPTABLE, desc = "Both are delivered, one after the other.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A message stays behind, or two handler calls overlap.")
@State
public class WakeStress {

    private final BusyHandler handler = new BusyHandler(Dispatch.loop());

    /// Publishes.
    @Actor
    public void one() {
        handler.publish();
    }

    /// Publishes too.
    @Actor
    public void other() {
        handler.publish();
    }

    /// Waits for both.
    @Arbiter
    public void delivered(II_Result result) {
        handler.result(result);
    }
}
