package dev.fanfare.request;

import dev.fanfare.ErrorCode;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.feed.Asker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// Gathers the replies to one request. What hangs on the future runs on a virtual thread of its own: whoever
/// replies may be an event loop.
public final class FutureReplies implements Asker {

    private final CompletableFuture<List<Message>> done = new CompletableFuture<>();
    private final List<Message> replies = new ArrayList<>();

    /// No reply yet.
    public FutureReplies() {}

    /// All that came until the last one or the end of the time; fails with [FanfareException] when none did.
    public CompletableFuture<List<Message>> future() {
        return done;
    }

    @Override
    public synchronized void reply(Message reply, boolean last) {
        replies.add(reply);
        if (last) {
            complete();
        }
    }

    @Override
    public synchronized void end(PublishResult.Refused why) {
        if (why.code() == ErrorCode.TIMEOUT && !replies.isEmpty()) {
            complete();
        } else {
            Thread.ofVirtual().name("fanfare-reply").start(() -> done.completeExceptionally(why.exception()));
        }
    }

    private void complete() {
        List<Message> all = List.copyOf(replies);
        Thread.ofVirtual().name("fanfare-reply").start(() -> done.complete(all));
    }
}
