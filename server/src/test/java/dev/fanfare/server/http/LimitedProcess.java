package dev.fanfare.server.http;

import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.ServerConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;

/// A server in a process of its own: prints its port, and ends when its standard input does.
public final class LimitedProcess {

    private LimitedProcess() {}

    /// Starts it.
    public static void main(String[] arguments) throws IOException {
        try (FanfareServer server =
                FanfareServer.start(ServerConfig.of(Map.of("port", "0", "handshake-timeout", "10m")))) {
            System.out.println(server.port());
            System.in.transferTo(OutputStream.nullOutputStream());
        }
    }
}
