package dev.fanfare.server.session;

import dev.fanfare.Commit;
import dev.fanfare.Delivery;
import dev.fanfare.Filter;
import dev.fanfare.Message;
import dev.fanfare.Start;
import dev.fanfare.SubscriptionEnd;
import dev.fanfare.delivery.Claim;
import dev.fanfare.delivery.Demand;
import dev.fanfare.delivery.Kind;
import dev.fanfare.delivery.Member;
import dev.fanfare.delivery.Terms;
import dev.fanfare.delivery.Worker;
import dev.fanfare.feed.Attachment;
import dev.fanfare.feed.Pattern;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.protocol.Request;
import dev.fanfare.server.feed.Outbox;
import dev.fanfare.server.feed.Source;
import dev.fanfare.server.feed.TextFrame;
import dev.fanfare.server.feed.Woken;
import dev.fanfare.server.security.Rights;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// One subscription of a session whose peer acknowledges. It takes from its backlog what the peer's window and the
/// transport have room for, and remembers what it handed out. On the connection's event loop, but for what a [Worker]
/// is told.
final class AckedSubscription extends Source implements Subscribed, Worker {

    private static final int TAKE_MOST = 512;
    private static final int FRAME_GUESS = 256;

    private final Session session;
    private final Key key;
    private final Pattern pattern;
    private final Rights.View view;
    private final @Nullable String deadLetter;
    private final Demand demand;
    private final boolean automatic;
    private final String label;
    private final Outbox outbox;
    private final EventTexts texts;
    private final BiConsumer<JsonBytes, Message> encoding;

    /// What stands between a message's event and the number of the attempt.
    private final byte[] ending;

    private final InHand inHand;
    private final ArrayDeque<Delivery> taken = new ArrayDeque<>(1);
    /// Of a group whose members don't acknowledge: done as soon as it is with the transport.
    private final List<Delivery> sent = new ArrayList<>(0);

    private final AtomicBoolean marked = new AtomicBoolean();
    private final Woken signal = new Woken() {
        @Override
        protected void drain() {
            marked.set(false);
            hungry = false;
            if (begun && !closed) {
                outbox.offer(AckedSubscription.this);
                if (outbox.blocked()) {
                    // It takes when its peer does; until then others may.
                    member().decline();
                }
            }
        }
    };

    private @Nullable Member member;
    private @Nullable SubscriptionEnd over;
    private int frameBytes = FRAME_GUESS;
    private boolean hungry;
    private boolean begun;
    private boolean endTold;
    private boolean closed;

    AckedSubscription(
            Session session,
            Key key,
            Pattern pattern,
            Rights.View view,
            Request.Manual manual,
            @Nullable Filter filter,
            @Nullable Claim claim,
            Start start,
            Outbox outbox,
            SessionLoop loop,
            BiConsumer<JsonBytes, Message> encoding) {
        this.session = session;
        this.key = key;
        this.pattern = pattern;
        this.view = view;
        this.deadLetter = manual.deadLetter();
        this.demand = demand(manual, Acknowledged.terms(manual, pattern, filter), start, session.name(key), claim);
        this.automatic = manual.automatic();
        this.label = demand.kind() == Kind.OWN ? key.topic() : demand.name();
        this.outbox = outbox;
        this.texts = loop.eventTexts();
        this.encoding = encoding;
        this.ending = session.deliveryEnding(key.clientId(), label);
        this.inHand = new InHand(deliveries -> member().open(deliveries), manual.maxInFlight());
    }

    private static Demand demand(
            Request.Manual manual, Terms terms, Start start, String member, @Nullable Claim claim) {
        String durable = manual.durable();
        String group = manual.group();
        Kind kind = durable != null ? Kind.DURABLE : group != null ? Kind.GROUP : Kind.OWN;
        String name = durable != null ? durable : group != null ? group : member;
        return new Demand(kind, name, terms, start, member, manual.maxInFlight(), claim);
    }

    /// What events and acknowledgements call it: the name of its group or durable, or what was subscribed to.
    String label() {
        return label;
    }

    @Override
    public Key key() {
        return key;
    }

    @Override
    public Pattern pattern() {
        return pattern;
    }

    @Override
    public Rights.View view() {
        return view;
    }

    @Override
    public @Nullable String deadLetter() {
        return deadLetter;
    }

    /// Whether it may have been delivered messages of this topic.
    boolean hears(String topic) {
        return pattern.matches(topic);
    }

    boolean isWild() {
        return pattern.isWild();
    }

    @Override
    public void open(Start start) {
        member = session.context().deliveries().attach(demand, this);
    }

    private Member member() {
        return Objects.requireNonNull(member);
    }

    @Override
    public Attachment.Opened opened() {
        return member().opened();
    }

    @Override
    public void begin() {
        begun = true;
        outbox.offer(this);
    }

    // ---- what a worker is told, by any thread

    @Override
    public boolean available() {
        if (!marked.get() && marked.compareAndSet(false, true)) {
            outbox.loop().wake(signal);
        }
        return true;
    }

    @Override
    public void ended(SubscriptionEnd why) {
        session.later(() -> {
            over = why;
            if (!closed) {
                // What was taken goes out before the peer is told.
                outbox.offer(this);
            }
        });
    }

    // ---- sending

    @Override
    protected @Nullable ByteBuf next(int limit) {
        dropStale();
        ByteBuf out = null;
        while (!closed && more(out == null ? limit : limit - out.readableBytes())) {
            Delivery delivery = taken.getFirst();
            byte[] event = texts.of(delivery.message(), encoding);
            byte[] attempt = Integer.toString(delivery.attempt()).getBytes(StandardCharsets.US_ASCII);
            int length = automatic ? event.length : event.length - 1 + ending.length + attempt.length + 2;
            int frame = TextFrame.HEADER_ROOM + length;
            if (out == null) {
                int guess = Math.min(limit, (taken.size() + 1) * (frameBytes + TextFrame.HEADER_ROOM));
                out = ByteBufAllocator.DEFAULT.directBuffer(Math.max(frame, guess));
            } else if (out.readableBytes() + frame > limit) {
                break;
            }
            TextFrame.header(out, length);
            if (automatic) {
                out.writeBytes(event);
                sent.add(delivery);
            } else {
                out.writeBytes(event, 0, event.length - 1).writeBytes(ending).writeBytes(attempt);
                out.writeByte('}').writeByte('}');
                inHand.add(delivery);
            }
            frameBytes = (7 * frameBytes + frame) / 8 + 1;
            taken.removeFirst();
        }
        return out;
    }

    /// What was taken before the peer stopped reading may have timed out since, or gone to whoever took over: somebody
    /// else may have done it.
    private void dropStale() {
        if (!taken.isEmpty()) {
            List<Delivery> held = member().held(List.copyOf(taken));
            taken.clear();
            taken.addAll(held);
        }
    }

    /// Whether something is in hand to be sent, taken now if need be.
    private boolean more(int room) {
        if (taken.isEmpty() && !hungry && over == null && room > 0) {
            int want = Math.clamp(room / frameBytes, 1, TAKE_MOST);
            List<? extends Delivery> got = member().take(want);
            taken.addAll(got);
            hungry = got.size() < want;
        }
        return !taken.isEmpty();
    }

    @Override
    protected boolean more() {
        if (closed || !begun) {
            return false;
        }
        if (!sent.isEmpty()) {
            // The slice has left.
            member().acknowledge(sent);
            sent.clear();
        }
        SubscriptionEnd why = over;
        if (taken.isEmpty() && why != null && !endTold) {
            endTold = true;
            session.ended(this, why);
            return false;
        }
        return !taken.isEmpty() || !hungry && why == null;
    }

    // ---- settling

    /// Takes what is still in hand of these out of it: it is done or has failed now.
    List<Delivery> settle(String topic, String epoch, long[] offsets) {
        if (offsets.length == 1) {
            Delivery one = inHand.take(topic, epoch, offsets[0]);
            return one == null ? List.of() : List.of(one);
        }
        return Arrays.stream(offsets)
                .mapToObj(offset -> inHand.take(topic, epoch, offset))
                .filter(Objects::nonNull)
                .map(Objects::requireNonNull)
                .toList();
    }

    /// What is in hand at that place; null when nothing is. It stays in hand.
    @Nullable
    Delivery inHand(String topic, String epoch, long offset) {
        return inHand.find(topic, epoch, offset);
    }

    void acknowledge(List<Delivery> done) {
        member().acknowledge(done);
    }

    void fail(List<Delivery> failed, @Nullable Duration delay, @Nullable Throwable cause) {
        member().fail(failed, delay, cause);
    }

    /// See [Member#reject].
    @Nullable
    Commit reject(List<Delivery> rejected, String reason) {
        return member().reject(rejected, reason);
    }

    /// See [Member#stored].
    @Nullable
    Commit stored() {
        return member().stored();
    }

    @Override
    public @Nullable Commit established() {
        return member().established();
    }

    // ---- the end

    @Override
    public void giveUp() {
        // What is not done counts as lost when it is closed.
    }

    @Override
    public void flush() {
        // Nothing waits for a batch to fill.
    }

    @Override
    public @Nullable Commit unsubscribe() {
        // One that somebody else has taken over is not this one's to end.
        boolean held = member != null && member.end() == null;
        close();
        return held && demand.kind() == Kind.DURABLE
                ? session.context().deliveries().end(demand.name()).orElse(null)
                : null;
    }

    @Override
    public void close() {
        closed = true;
        taken.clear();
        outbox.withdraw(this);
        if (member != null) {
            member.leave();
        }
    }
}
