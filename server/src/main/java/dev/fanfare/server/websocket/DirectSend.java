package dev.fanfare.server.websocket;

import dev.fanfare.server.http.TlsDoor;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Hands bytes to the kernel with one system call, past the queue of Netty's channel: nearly always the peer takes
/// them at once, and then queueing them costs more than the call. Only where the channel is a native socket and nothing
/// is
/// encrypted. On the
/// connection's event loop.
final class DirectSend {

    private final Channel channel;
    private final @Nullable Socket socket;

    DirectSend(Channel channel) {
        this.channel = channel;
        boolean plain = channel instanceof UnixChannel && !TlsDoor.encrypts(channel);
        this.socket = plain && ((UnixChannel) channel).fd() instanceof Socket own ? own : null;
    }

    /// Whether a buffer that waits in the channel may be made shorter: a native socket looks at its indices with each
    /// attempt, those of the JDK are given a view of it once and for all.
    boolean rereads() {
        return socket != null;
    }

    /// Sends as much as the kernel takes now and moves the buffer's reader index behind it. Sends nothing when bytes
    /// already wait in the channel, since they come first, or when the connection is broken: the channel finds
    /// out and tells.
    ///
    /// @return whether everything was sent
    boolean send(ByteBuf bytes) {
        Socket own = socket;
        if (own == null || !channel.isWritable() || !channel.isActive() || !bytes.hasMemoryAddress()) {
            return false;
        }
        try {
            int sent = own.sendAddress(bytes.memoryAddress(), bytes.readerIndex(), bytes.writerIndex());
            if (sent > 0) {
                bytes.skipBytes(sent);
            }
        } catch (IOException broken) {
            return false;
        }
        return !bytes.isReadable();
    }
}
