package dev.fanfare.server.filter;

import dev.fanfare.Message;
import dev.fanfare.Payload;
import dev.fanfare.protocol.JsonScanner;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// One evaluation of an expression: the message, the variables of its macros, and what it may still cost. Belongs to
/// one thread.
final class Run {

    /// What one evaluation may cost: the unit is about the time of a comparison of two numbers, about 10 ns. What takes
    /// longer is charged more, so that none takes longer than a few milliseconds on a warm JVM, whatever it does.
    static final int BUDGET = 200_000;

    /// How many characters or bytes are looked at for one unit.
    private static final int PER_UNIT = 16;

    /// What Java throws takes as long as many steps, since it says where it was.
    private static final int EXCEPTION = 2_000;

    /// The expression costs too much for this message. It is no error that the expression could make good for.
    static final class OutOfBudget extends RuntimeException {
        @Serial
        private static final long serialVersionUID = 1;

        private OutOfBudget() {
            super("the expression costs more than " + BUDGET + " steps for this message", null, false, false);
        }
    }

    private final Message message;
    private final Object[] slots;
    private @Nullable Object payload;
    private int left = BUDGET;

    Run(Message message, int slots) {
        this.message = message;
        this.slots = new Object[slots];
    }

    Message message() {
        return message;
    }

    /// The payload as a value, made, and paid for, when it is first asked for.
    Object payload() {
        Object known = payload;
        if (known == null) {
            Payload of = message.payload();
            chargeLength(of.size());
            if (of.isJson(JsonScanner::wellFormed)) {
                // Numbers, names and brackets are read one by one.
                charge(of.size() / 2);
            }
            known = PayloadValue.of(of);
            payload = known;
        }
        return known;
    }

    Object get(int slot) {
        return slots[slot];
    }

    void set(int slot, Object value) {
        slots[slot] = value;
    }

    /// Takes note of a cost before it arises.
    void charge(long units) {
        if (units > left) {
            left = 0;
            throw new OutOfBudget();
        }
        left -= (int) units;
    }

    /// The cost of looking at so many characters or bytes.
    void chargeLength(long length) {
        charge(1 + length / PER_UNIT);
    }

    /// The cost of an exception that was just thrown and caught.
    void chargeException() {
        charge(EXCEPTION);
    }

    int spent() {
        return BUDGET - left;
    }
}
