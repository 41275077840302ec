package dev.fanfare.server.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.ServerConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A server in a process of its own, with limits of its own. It prints its port, and ends when its standard input does.
public final class LimitedProcess implements AutoCloseable {

    private final Process process;
    private final int port;

    private LimitedProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /// What runs in that process.
    public static void main(String[] arguments) throws IOException {
        try (FanfareServer server = FanfareServer.start(
                ServerConfig.of(Map.of("port", "0", "handshake-timeout", "10m", "log-level", "warn")))) {
            System.out.println(server.port());
            System.in.transferTo(OutputStream.nullOutputStream());
        }
    }

    /// Starts it.
    ///
    /// @param descriptors how many files it may open, its jars among them; as a shell's `ulimit -n` takes it
    static LimitedProcess start(String descriptors) throws IOException {
        Process process = new ProcessBuilder(
                        "sh",
                        "-c",
                        "ulimit -n " + descriptors
                                + "; exec \"$0\" -Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp \"$1\" "
                                + LimitedProcess.class.getName(),
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        System.getProperty("java.class.path"))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String port = new BufferedReader(new InputStreamReader(process.getInputStream(), US_ASCII)).readLine();
        return new LimitedProcess(process, Integer.parseInt(port));
    }

    int port() {
        return port;
    }

    /// Ends it as it should end; its exit code.
    int end() throws IOException, InterruptedException {
        process.getOutputStream().close();
        return process.waitFor(20, TimeUnit.SECONDS) ? process.exitValue() : -1;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
