package dev.fanfare.server.http;

import dev.fanfare.protocol.WireError;
import dev.fanfare.server.limits.Limits;
import dev.fanfare.server.rest.Problem;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.FullHttpMessage;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/// Makes one object of a request and its body. A body that is too large, or that there is no memory for, is not
/// collected but announced with [Refused].
final class BodyCollector extends HttpObjectAggregator {

    /// Sent up the pipeline instead of a request whose body is not taken.
    record Refused(Problem why) {}

    /// A part takes so much, however small it is: a buffer of its own, and a place among the others.
    private static final int PART_BYTES = 256;

    private final Limits limits;
    private long held;
    private boolean refused;

    BodyCollector(int maxBytes, Limits limits) {
        super(maxBytes);
        this.limits = limits;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object part) throws Exception {
        if (refused) {
            ReferenceCountUtil.release(part);
            return;
        }
        boolean more = part instanceof HttpContent && !(part instanceof LastHttpContent);
        WireError full = more ? limits.keepBody(held) : null;
        if (full != null) {
            refused = true;
            ReferenceCountUtil.release(part);
            context.fireChannelRead(new Refused(Problem.of(full)));
            return;
        }
        super.channelRead(context, part);
    }

    @Override
    protected void aggregate(FullHttpMessage message, HttpContent part) throws Exception {
        hold(held + Math.max(PART_BYTES, part.content().readableBytes()));
        super.aggregate(message, part);
    }

    @Override
    protected void finishAggregation(FullHttpMessage message) throws Exception {
        hold(0);
        super.finishAggregation(message);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) throws Exception {
        hold(0);
        super.handlerRemoved(context);
    }

    private void hold(long bytes) {
        if (bytes != held) {
            limits.keepsBody(bytes - held);
            held = bytes;
        }
    }

    @Override
    protected @Nullable Object newContinueResponse(HttpMessage start, int maxBytes, ChannelPipeline pipeline) {
        // A client that asks first and would be refused gets the same answer as one that does not ask.
        boolean tooLarge = HttpUtil.getContentLength(start, -1L) > maxBytes;
        return HttpUtil.is100ContinueExpected(start) && !tooLarge
                ? super.newContinueResponse(start, maxBytes, pipeline)
                : null;
    }

    @Override
    protected void handleOversizedMessage(ChannelHandlerContext context, HttpMessage oversized) {
        hold(0);
        context.fireChannelRead(new Refused(HttpProblems.tooLarge("the body", maxContentLength())));
    }
}
