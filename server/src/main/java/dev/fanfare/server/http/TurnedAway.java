package dev.fanfare.server.http;

import dev.fanfare.server.limits.Limits;
import dev.fanfare.server.rest.Problem;
import dev.fanfare.server.rest.Target;
import io.netty.channel.Channel;

/// What a connection may ask for which there is no room: whether the server is well, once, and nothing else. On the
/// connection's event loop.
final class TurnedAway {

    private static final int UNAVAILABLE = 503;
    private static final String HEALTH = "health";

    private final HttpContext http;
    private final Limits.NoRoom noRoom;
    private boolean answered;

    TurnedAway(HttpContext http, Channel channel, Limits.NoRoom noRoom) {
        this.http = http;
        this.noRoom = noRoom;
        channel.closeFuture().addListener(closed -> {
            if (!answered) {
                http.server().limits().count(noRoom.limit());
            }
        });
    }

    /// It has asked.
    ///
    /// @throws Problem when it asked for anything else
    void check(Target target) {
        answered = true;
        if (target.segments().isEmpty() || !target.segments().getFirst().equals(HEALTH)) {
            throw problem();
        }
    }

    /// Why it goes; counted.
    Problem problem() {
        answered = true;
        http.server().limits().count(noRoom.limit());
        return Problem.of(UNAVAILABLE, noRoom.why());
    }
}
