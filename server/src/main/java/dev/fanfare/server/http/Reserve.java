package dev.fanfare.server.http;

import io.netty.channel.Channel;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/// The places beyond the limits for connections: who comes when there is no room gets one, and is answered one thing
/// there, so that whoever watches over the server hears that it is well. There are so many, and who comes when all
/// are taken gets that of the one who has been there longest: whoever asks at once is heard, however many come to
/// keep silent. Any thread.
final class Reserve {

    /// How many there are.
    static final int PLACES = 64;

    private final ReentrantLock lock = new ReentrantLock();
    private final Set<Channel> inside = new LinkedHashSet<>();

    /// A connection takes a place.
    void enter(Channel channel) {
        Channel longest = null;
        lock.lock();
        try {
            if (inside.size() >= PLACES) {
                longest = inside.iterator().next();
                inside.remove(longest);
            }
            inside.add(channel);
        } finally {
            lock.unlock();
        }
        if (longest != null) {
            longest.pipeline().fireUserEventTriggered(HttpPipeline.End.NO_PLACE);
        }
        channel.closeFuture().addListener(closed -> leave(channel));
    }

    /// It is gone.
    private void leave(Channel channel) {
        lock.lock();
        try {
            inside.remove(channel);
        } finally {
            lock.unlock();
        }
    }
}
