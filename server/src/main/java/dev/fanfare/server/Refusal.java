package dev.fanfare.server;

import dev.fanfare.BrokerLimit;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.PublishResult.Refused;
import dev.fanfare.protocol.WireError;
import java.io.Serial;

/// What the server refuses where the broker might: it knows when to try again. And how a peer is told of either.
public final class Refusal extends FanfareException {

    @Serial
    private static final long serialVersionUID = 1;

    private final transient WireError error;

    /// @param error what the peer is told
    public Refusal(WireError error) {
        super(ErrorCode.valueOf(error.code().standard()), error.message());
        this.error = error;
    }

    /// What a peer is told.
    public static WireError error(FanfareException refused) {
        return refused instanceof Refusal own ? own.error : error(Refused.of(refused));
    }

    /// What a peer is told of a publish, a commit or a request that was refused.
    public static WireError error(Refused refused) {
        BrokerLimit limit = refused.limit();
        return WireError.of(refused.code().name(), refused.reason()).by(limit == null ? null : limit.label());
    }
}
