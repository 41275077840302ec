package dev.fanfare.feed;

import dev.fanfare.Message;
import dev.fanfare.PublishResult;

/// Somebody who waits for replies. Called by whoever replies, or by the clock: it must neither block nor call
/// user code. After the last reply, or the end, it hears nothing more.
public interface Asker {

    /// A reply came.
    ///
    /// @param last whether it was the last one that it waits for
    void reply(Message reply, boolean last);

    /// No reply will come any more: `TIMEOUT`, `NO_RESPONDERS`, or why the request was refused.
    ///
    /// @param why with the feed that is full, when what refused it may have room later: nothing was published then
    void end(PublishResult.Refused why);
}
