package dev.fanfare.server.session;

import dev.fanfare.Delivery;
import dev.fanfare.Message;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// What a subscription has delivered and not heard of since, by topic and offset. On the connection's event loop.
///
/// The peer may never speak of what timed out meanwhile: when there is twice as much as was last found to matter, what
/// matters no more is forgotten.
final class InHand {

    private static final int ROOM = 16;

    private final UnaryOperator<List<Delivery>> open;
    private final int window;
    private final Map<String, OfTopic> topics = new HashMap<>(2);
    private int size;
    private int sweepAt;

    /// @param open finds those of which something may still be said
    /// @param window how many there are at most, but for those that timed out
    InHand(UnaryOperator<List<Delivery>> open, int window) {
        this.open = open;
        this.window = window;
        this.sweepAt = 2 * window;
    }

    int size() {
        return size;
    }

    /// Was delivered; an earlier attempt of the same message is forgotten.
    void add(Delivery delivery) {
        if (size >= sweepAt) {
            sweep();
        }
        Message message = delivery.message();
        OfTopic of = topics.get(message.topic());
        if (of == null || !of.epoch.equals(message.epoch())) {
            size -= of == null ? 0 : of.count; // its topic is gone
            of = new OfTopic(message.epoch());
            topics.put(message.topic(), of);
        }
        if (of.put(message.offset(), delivery)) {
            size++;
        }
    }

    /// What is in hand at that place.
    ///
    /// @return null when nothing is
    @Nullable
    Delivery find(String topic, String epoch, long offset) {
        OfTopic of = topics.get(topic);
        return of == null || !of.epoch.equals(epoch) ? null : of.slots[of.find(offset)];
    }

    /// Takes it out.
    ///
    /// @return null when it is not there
    @Nullable
    Delivery take(String topic, String epoch, long offset) {
        OfTopic of = topics.get(topic);
        if (of == null || !of.epoch.equals(epoch)) {
            return null;
        }
        Delivery taken = of.remove(offset);
        if (taken != null) {
            size--;
            if (of.count == 0 && topics.size() > 1) {
                topics.remove(topic);
            }
        }
        return taken;
    }

    private void sweep() {
        size = 0;
        for (Iterator<OfTopic> each = topics.values().iterator(); each.hasNext(); ) {
            OfTopic of = each.next();
            of.keep(open.apply(of.all()));
            size += of.count;
            if (of.count == 0) {
                each.remove();
            }
        }
        sweepAt = Math.max(2 * window, 2 * size);
    }

    /// Open addressing: offsets that follow each other lie side by side.
    private static final class OfTopic {
        final String epoch;
        int count;
        private @Nullable Delivery[] slots = new Delivery[ROOM];

        OfTopic(String epoch) {
            this.epoch = epoch;
        }

        private int home(long offset) {
            return (int) offset & slots.length - 1;
        }

        /// Where it is, or where it would go.
        private int find(long offset) {
            int at = home(offset);
            for (Delivery here = slots[at]; here != null && here.message().offset() != offset; here = slots[at]) {
                at = at + 1 & slots.length - 1;
            }
            return at;
        }

        /// @return false when it took another one's place
        boolean put(long offset, Delivery delivery) {
            int at = find(offset);
            boolean fresh = slots[at] == null;
            slots[at] = delivery;
            if (fresh && ++count * 2 > slots.length) {
                rebuild(all(), slots.length * 2);
            }
            return fresh;
        }

        @Nullable
        Delivery remove(long offset) {
            int hole = find(offset);
            Delivery removed = slots[hole];
            if (removed == null) {
                return null;
            }
            count--;
            slots[hole] = null;
            // Those behind it move up, unless they stand at or after their home already.
            int mask = slots.length - 1;
            int at = hole + 1 & mask;
            for (Delivery here = slots[at]; here != null; here = slots[at]) {
                int home = home(here.message().offset());
                if ((at - home & mask) >= (at - hole & mask)) {
                    slots[hole] = here;
                    slots[at] = null;
                    hole = at;
                }
                at = at + 1 & mask;
            }
            return removed;
        }

        List<Delivery> all() {
            return Arrays.stream(slots)
                    .<Delivery>mapMulti((each, to) -> {
                        if (each != null) {
                            to.accept(each);
                        }
                    })
                    .toList();
        }

        void keep(List<Delivery> kept) {
            int room = ROOM;
            while (room < 2 * kept.size()) {
                room *= 2;
            }
            rebuild(kept, room);
            count = kept.size();
        }

        private void rebuild(List<Delivery> kept, int room) {
            slots = new Delivery[room];
            for (Delivery each : kept) {
                slots[find(each.message().offset())] = each;
            }
        }
    }
}
