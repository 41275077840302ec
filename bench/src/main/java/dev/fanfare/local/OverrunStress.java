package dev.fanfare.local;

import dev.fanfare.Overflow;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// The appender cuts pieces loose in which a reader stands that may lose messages.
@JCStressTest
@Outcome(id = "\\d+, 60", expect = Expect.ACCEPTABLE, desc = "Each message is read once or counted as lost.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A message is repeated, out of order, or lost without being counted.")
@State
public class OverrunStress {

    private final StressReader reader = new StressReader(2, Overflow.dropOldest());

    /// Appends over several pieces, each of which is cut loose when the next one is full.
    @Actor
    public void append() {
        reader.append(0, 60);
    }

    /// Reads what it finds.
    @Actor
    public void read(II_Result result) {
        reader.read();
        result.r1 = reader.seen();
    }

    /// Reads the rest.
    @Arbiter
    public void rest(II_Result result) {
        reader.read();
        result.r2 = reader.seen();
    }
}
