package dev.fanfare.server.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpUtil;
import org.jspecify.annotations.Nullable;

/// Makes one object of a request and its body. One that is too large is not collected but announced with [TooLarge].
final class BodyCollector extends HttpObjectAggregator {

    /// Sent up the pipeline instead of a request whose body is above the limit.
    ///
    /// @param limit in bytes
    record TooLarge(int limit) {}

    BodyCollector(int maxBytes) {
        super(maxBytes);
    }

    @Override
    protected @Nullable Object newContinueResponse(HttpMessage start, int maxBytes, ChannelPipeline pipeline) {
        // A client that asks first and would be refused gets the same answer as one that does not ask.
        boolean refused = HttpUtil.getContentLength(start, -1L) > maxBytes;
        return HttpUtil.is100ContinueExpected(start) && !refused
                ? super.newContinueResponse(start, maxBytes, pipeline)
                : null;
    }

    @Override
    protected void handleOversizedMessage(ChannelHandlerContext context, HttpMessage oversized) {
        context.fireChannelRead(new TooLarge(maxContentLength()));
    }
}
