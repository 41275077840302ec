package dev.fanfare.server.session;

import dev.fanfare.Commit;
import dev.fanfare.FanfareException;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.Topic;
import dev.fanfare.feed.Wakes;
import dev.fanfare.protocol.Codec;
import dev.fanfare.protocol.Request;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.Refusal;
import dev.fanfare.server.feed.TextFrame;
import dev.fanfare.server.security.Operation;
import dev.fanfare.server.tracing.Tracing;
import org.jspecify.annotations.Nullable;

/// What one session publishes, and what it is answered. On the connection's event loop.
final class Publishing {

    private final Session session;
    private final SessionContext context;
    private final Answers answers;
    private final Codec codec;
    private final SessionLog log;
    private final Wakes wakes;
    private final @Nullable Tracing tracing;

    private final Patience patience;

    /// @param wakes what is to be woken at the end of the batch
    Publishing(
            Session session,
            SessionContext context,
            Answers answers,
            Codec codec,
            SessionLog log,
            Wakes wakes,
            Patience patience) {
        this.session = session;
        this.context = context;
        this.answers = answers;
        this.codec = codec;
        this.log = log;
        this.wakes = wakes;
        this.patience = patience;
        this.tracing = context.tracing();
    }

    /// Publishes it, or says why not.
    void publish(Request.Publish request) {
        try {
            append(request);
        } catch (FanfareException refused) {
            session.refuse(request.requestId(), Refusal.error(refused));
        }
    }

    private void append(Request.Publish request) {
        if (request.topic().startsWith("$")) {
            if (context.feeds().isReplyAddress(request.topic())) {
                answer(request);
                return;
            }
            session.refuse(request.requestId(), WireError.ofBroker(request.topic()));
            return;
        }
        WireError forbidden = session.admission().refusal(Operation.PUBLISH, request.topic());
        if (forbidden != null) {
            session.refuse(request.requestId(), forbidden);
            return;
        }
        Topic topic = session.topic(request.topic());
        if (topic == null) {
            session.refuse(request.requestId(), WireError.topicNotFound(request.topic()));
            return;
        }
        Message draft = context.draft(request);
        PublishResult result = tracing == null
                ? context.feeds().publish(topic, draft, wakes)
                : tracing.publish(topic.name(), draft, traced -> context.feeds().publish(topic, traced, wakes));
        if (result
                instanceof PublishResult.Accepted accepted) { // a switch over types costs a fifth of the whole publish
            published(request, topic, accepted);
        } else if (result instanceof PublishResult.Refused refused) {
            refused(request, refused);
        } else if (result instanceof PublishResult.Pending(PublishResult outcome, Commit commit)) {
            pending(request, topic, outcome, commit);
        } else if (result instanceof PublishResult.Scheduled scheduled) {
            log.published();
            if (!request.noAck()) {
                answers.send(frame(request, topic, scheduled));
            }
        }
    }

    /// A reply to somebody's request.
    private void answer(Request.Publish request) {
        switch (context.feeds().reply(request.topic(), context.draft(request))) {
            case PublishResult.Accepted accepted -> {
                log.published();
                if (!request.noAck()) {
                    answers.say(out -> codec.published(
                            out, request, accepted.timestampMillis(), accepted.messageId(), "", -1, "", 0));
                }
            }
            case PublishResult.Refused refused -> refused(request, refused);
            case PublishResult.Scheduled _, PublishResult.Pending _ ->
                throw new IllegalStateException("a reply is neither delayed nor stored");
        }
    }

    private void published(Request.Publish request, Topic topic, PublishResult.Accepted accepted) {
        log.published();
        if (!request.noAck()) {
            answers.send(frame(request, topic, accepted));
        }
    }

    /// Published to a durable topic: it is answered when it is stored.
    private void pending(Request.Publish request, Topic topic, PublishResult outcome, Commit commit) {
        log.published();
        TextFrame frame = null;
        Topic heardIn = null;
        if (outcome instanceof PublishResult.Accepted accepted) {
            frame = request.noAck() ? null : frame(request, topic, accepted);
            // A route may have sent it elsewhere, and it may have to be safer than its topic is before others hear it.
            boolean hearingSuffices = accepted.epoch().equals(topic.epoch())
                    && accepted.durability() == topic.config().durability();
            heardIn = hearingSuffices ? topic : null;
        } else if (outcome instanceof PublishResult.Scheduled scheduled) {
            frame = request.noAck() ? null : frame(request, topic, scheduled);
        }
        answers.sendWhen(commit, frame, request.requestId(), heardIn, outcome.offset());
    }

    private TextFrame frame(Request.Publish request, Topic topic, PublishResult.Accepted accepted) {
        TextFrame frame = answers.begin();
        codec.published(
                frame.begin(),
                request,
                accepted.timestampMillis(),
                accepted.messageId(),
                accepted.epoch(),
                accepted.offset(),
                accepted.durability().label(),
                codec.tellsReceivers() ? context.feeds().subscribers(topic) : 0);
        return frame;
    }

    private TextFrame frame(Request.Publish request, Topic topic, PublishResult.Scheduled scheduled) {
        TextFrame frame = answers.begin();
        codec.scheduled(
                frame.begin(),
                request,
                context.millis(),
                scheduled.messageId(),
                scheduled.epoch(),
                scheduled.dueMillis(),
                Drafts.durability(request).or(topic.config().durability()).label());
        return frame;
    }

    private void refused(Request.Publish request, PublishResult.Refused refused) {
        WireError error = Refusal.error(refused);
        if (refused.full() == null) {
            session.refuse(request.requestId(), error);
        } else {
            patience.hold(request, refused, () -> publish(request), () -> session.refuse(request.requestId(), error));
        }
    }
}
