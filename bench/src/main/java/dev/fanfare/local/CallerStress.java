package dev.fanfare.local;

import dev.fanfare.Dispatch;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// Two publishers deliver to a handler on their own threads: one of them has to do it for both.
@JCStressTest
@Outcome(id = "2, 0", expect = Expect.ACCEPTABLE, desc = "Both are delivered, one after the other.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A message stays behind, or two handler calls overlap.")
@State
public class CallerStress {

    private final BusyHandler handler = new BusyHandler(Dispatch.caller());

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
