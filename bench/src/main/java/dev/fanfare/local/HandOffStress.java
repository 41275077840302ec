package dev.fanfare.local;

import dev.fanfare.Overflow;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// The appender goes from one piece of the sequence to the next while a reader follows it.
@JCStressTest
@Outcome(id = "[0-6], 6", expect = Expect.ACCEPTABLE, desc = "A part is read meanwhile, the rest afterwards.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A message is missing, repeated or out of order.")
@State
public class HandOffStress {

    private final StressReader reader = new StressReader(100, Overflow.block());

    /// Appends across the end of the first piece.
    @Actor
    public void append() {
        reader.append(0, 6);
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
