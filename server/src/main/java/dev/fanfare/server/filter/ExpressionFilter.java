package dev.fanfare.server.filter;

import dev.cel.common.ast.CelExpr;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import java.io.Serial;
import java.util.Optional;

/// The filter that an expression is: see [Expressions]. Equal to that of an expression that differs in white space,
/// comments and quotes only.
public final class ExpressionFilter implements Filter {

    /// What the words of an expression begin with.
    static final String WORD = "expression ";

    /// A run that took longer lets others have the processor: virtual threads are not interrupted by themselves.
    private static final int LONG_RUN = Run.BUDGET / 8;

    /// There was no answer for a message, and why.
    private static final class NoAnswer extends Exception {
        @Serial
        private static final long serialVersionUID = 1;

        NoAnswer(String why) {
            super(why, null, false, false);
        }
    }

    private final String text;
    private final CelExpr parsed;
    private final int hash;
    private final Step plan;
    private final int slots;

    ExpressionFilter(String text, CelExpr parsed, Step plan, int slots) {
        this.text = text;
        this.parsed = parsed;
        this.hash = parsed.hashCode();
        this.plan = plan;
        this.slots = slots;
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // virtual threads that compute are not preempted
    public boolean matches(Message message) throws Exception {
        Run run = new Run(message, slots);
        Object answer;
        try {
            answer = plan.on(run);
        } finally {
            if (run.spent() > LONG_RUN && Thread.currentThread().isVirtual()) {
                Thread.yield();
            }
        }
        return switch (answer) {
            case Boolean is -> is;
            case Value.Failure(var why) -> throw new NoAnswer(why);
            default -> throw new NoAnswer("the answer is a " + Value.typeName(answer) + ", not true or false");
        };
    }

    /// What it costs is bounded, and it calls nothing but itself.
    @Override
    public boolean isBounded() {
        return true;
    }

    /// The expression as it was written: that is stored with a durable name, and means the same whatever the version of
    /// the library that understands it.
    @Override
    public Optional<String> words() {
        return Optional.of(WORD + text);
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || other instanceof ExpressionFilter that && hash == that.hash && parsed.equals(that.parsed);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /// The expression as it was written.
    @Override
    public String toString() {
        return text;
    }
}
