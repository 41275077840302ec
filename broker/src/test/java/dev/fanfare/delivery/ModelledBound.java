package dev.fanfare.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.BacklogOverflow;
import dev.fanfare.Broker;
import dev.fanfare.DeadLetter;
import dev.fanfare.Message;
import dev.fanfare.Topic;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How much one subscription may have to do, and what happens then: publishers are refused, or the oldest message
/// that nobody has makes room. Guarded by its [BacklogModel].
final class ModelledBound {

    private static final int ALL = 10_000;

    private final Broker broker;
    private final String name;
    private final int most;

    /// Whose dead letters make room; null when none do.
    private final @Nullable Topic movesAside;

    /// The first place among the dead letters that was not looked at.
    private long from;

    /// @param named what it hears; null for a pattern, which is not bounded here
    /// @param own whether it is nobody's but its subscriber's: then publishers are refused whatever the topic says
    ModelledBound(Broker broker, String name, @Nullable Topic named, boolean own) {
        this.broker = broker;
        this.name = name;
        this.most = named == null ? Integer.MAX_VALUE : named.config().backlog();
        this.movesAside =
                named != null && !own && named.config().backlogOverflow() == BacklogOverflow.DEAD_LETTER ? named : null;
        if (movesAside != null) {
            moved();
        }
    }

    /// Whether so many more messages have room.
    Verdict room(Collection<ModelledMessage> open, int more) {
        long counted = counted(open);
        if (movesAside != null || counted + more <= most) {
            return Verdict.YES;
        }
        return counted < most ? Verdict.EITHER : Verdict.NO;
    }

    private static long counted(Collection<ModelledMessage> open) {
        return open.stream().filter(item -> item.counts).count();
    }

    /// Those that have made room since this was asked last, in their order.
    List<Message> moved() {
        List<Message> found = new ArrayList<>();
        if (movesAside == null || movesAside.deleted()) {
            return found;
        }
        for (DeadLetter letter : broker.deadLetters(movesAside.name()).list(from, ALL)) {
            from = letter.offset() + 1;
            if (letter.reason() == DeadLetter.Reason.OVERFLOW
                    && letter.subscription().equals(name)
                    && letter.message().epoch().equals(movesAside.epoch())) {
                found.add(letter.message());
            }
        }
        return found;
    }

    /// One makes room: there was none, and it is the oldest that nobody has.
    void check(ModelledMessage moved, Collection<ModelledMessage> open) {
        String what = moved.message + " makes room in " + name;
        assertThat(moved.state).as(what).isEqualTo(ModelledMessage.State.OPEN);
        assertThat(moved.counts).as(what + ", where it takes none").isTrue();
        assertThat(moved.holder).as(what + " while somebody has it").isNull();
        assertThat(counted(open)).as(what + ", which had some").isGreaterThan(most);
        for (ModelledMessage other : open) {
            boolean older = other.attempt > 0 || other.message.offset() < moved.message.offset();
            assertThat(moved.attempt == 0 && other.counts && other.holder == null && older)
                    .as(what + " instead of " + other.message)
                    .isFalse();
        }
    }

    /// Whether it holds.
    boolean holds(Collection<ModelledMessage> open) {
        return movesAside == null || counted(open) <= most;
    }
}
