package dev.fanfare.local;

import dev.fanfare.DeliveryStrategy;
import dev.fanfare.Message;
import dev.fanfare.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Hands messages to an [Intake], a slice at a time.
final class Collector implements Outlet {

    private final Intake intake;
    private final List<Message> messages = new ArrayList<>();
    private final List<@Nullable Topic> origins = new ArrayList<>();

    Collector(Intake intake) {
        this.intake = intake;
    }

    @Override
    public int turn(DeliveryStrategy strategy) {
        return LocalSubscription.TURN;
    }

    @Override
    public int slice(LocalSubscription of, Sequence source, int found) {
        Cursor cursor = of.cursor;
        Chunk chunk = cursor.chunk();
        int from = cursor.index();
        Topic named = of.topic();
        Message last = null;
        int moved = 0;
        for (; moved < found; moved++) {
            Message message = chunk.messages[from + moved];
            Topic origin = chunk.topics == null ? named : chunk.topic(from + moved);
            if (message == null) {
                break;
            }
            last = message;
            if (origin == null || !of.skips(origin, message.offset(), cursor.position() + moved)) {
                messages.add(message);
                origins.add(origin);
            }
        }
        // Handed over before the cursor passes them: at no time do they count nowhere.
        handOver(false);
        if (last != null) {
            cursor.advance(last, moved);
        }
        intake.added();
        return moved;
    }

    private void handOver(boolean replayed) {
        intake.add(messages, origins, replayed);
        messages.clear();
        origins.clear();
    }

    @Override
    public void finishTurn(LocalSubscription of) {
        // Nothing is held back.
    }

    @Override
    public void replayed(LocalSubscription of, List<Message> slice, Function<String, @Nullable Topic> topics) {
        for (Message message : slice) {
            Topic origin = topics.apply(message.topic());
            messages.add(message);
            origins.add(origin != null && origin.epoch().equals(message.epoch()) ? origin : null);
        }
        handOver(true);
        intake.added();
    }

    @Override
    public int held() {
        return 0;
    }
}
