package dev.fanfare.client;

import java.time.Duration;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// How a client behaves. Immutable.
///
/// @param connectTimeout how long connecting, and the answer to a subscribe, may take: more than 0; default 10 s
/// @param firstDelay how long to wait before the first attempt to reconnect, about: it doubles with each attempt
///     and is spread at random over its second half; default 100 ms
/// @param mostDelay what the delay grows to; default 10 s
/// @param silence after how long without hearing anything, or without the answer to any publish, a connection counts
///     as broken; more than the server's heartbeat, which is 30 s unless set otherwise; default 75 s
/// @param window how many publishes may be unanswered before publishing waits: 1 to 10,000; default 256
/// @param retry whether a publish that was refused for now is sent again; default not
/// @param credentials how the client shows who it is; default not at all
/// @param tls what an `https` or `wss` address is spoken to with, as [PemFiles] makes one; null: as the JVM does
/// @param notices hears about the connection for publishing; default nobody
/// @param compression how payloads are made smaller on their way; default not at all
public record ClientOptions(
        Duration connectTimeout,
        Duration firstDelay,
        Duration mostDelay,
        Duration silence,
        int window,
        PublishRetry retry,
        Credentials credentials,
        @Nullable SSLContext tls,
        Consumer<Notice> notices,
        Compression compression) {

    /// Checks the bounds.
    public ClientOptions {
        positive(connectTimeout, "connectTimeout");
        positive(firstDelay, "firstDelay");
        positive(mostDelay, "mostDelay");
        positive(silence, "silence");
        if (window < 1 || window > 10_000) {
            throw new IllegalArgumentException("window must be 1 to 10000, but is " + window);
        }
    }

    /// The defaults.
    public static ClientOptions defaults() {
        return new ClientOptions(
                Duration.ofSeconds(10),
                Duration.ofMillis(100),
                Duration.ofSeconds(10),
                Duration.ofSeconds(75),
                256,
                PublishRetry.none(),
                Credentials.none(),
                null,
                notice -> {},
                Compression.none());
    }

    /// The same with other delays between attempts to reconnect.
    public ClientOptions withDelays(Duration first, Duration most) {
        return new ClientOptions(
                connectTimeout, first, most, silence, window, retry, credentials, tls, notices, compression);
    }

    /// The same with another time for connecting and for the answer to a subscribe.
    public ClientOptions withConnectTimeout(Duration newTimeout) {
        return new ClientOptions(
                newTimeout, firstDelay, mostDelay, silence, window, retry, credentials, tls, notices, compression);
    }

    /// The same with another silence.
    public ClientOptions withSilence(Duration newSilence) {
        return new ClientOptions(
                connectTimeout,
                firstDelay,
                mostDelay,
                newSilence,
                window,
                retry,
                credentials,
                tls,
                notices,
                compression);
    }

    /// The same with another window.
    public ClientOptions withWindow(int newWindow) {
        return new ClientOptions(
                connectTimeout,
                firstDelay,
                mostDelay,
                silence,
                newWindow,
                retry,
                credentials,
                tls,
                notices,
                compression);
    }

    /// The same, sending a publish again that was refused for now.
    public ClientOptions withRetry(PublishRetry newRetry) {
        return new ClientOptions(
                connectTimeout,
                firstDelay,
                mostDelay,
                silence,
                window,
                newRetry,
                credentials,
                tls,
                notices,
                compression);
    }

    /// The same, showing who it is.
    public ClientOptions withCredentials(Credentials newCredentials) {
        return new ClientOptions(
                connectTimeout,
                firstDelay,
                mostDelay,
                silence,
                window,
                retry,
                newCredentials,
                tls,
                notices,
                compression);
    }

    /// The same with other trust, or with a certificate of its own, for servers that speak TLS.
    public ClientOptions withTls(SSLContext newTls) {
        return new ClientOptions(
                connectTimeout,
                firstDelay,
                mostDelay,
                silence,
                window,
                retry,
                credentials,
                newTls,
                notices,
                compression);
    }

    /// The same, telling about the connection for publishing.
    public ClientOptions withNotices(Consumer<Notice> newNotices) {
        return new ClientOptions(
                connectTimeout,
                firstDelay,
                mostDelay,
                silence,
                window,
                retry,
                credentials,
                tls,
                newNotices,
                compression);
    }

    /// The same with payloads made smaller on their way; events show them plain.
    public ClientOptions withCompression(Compression newCompression) {
        return new ClientOptions(
                connectTimeout,
                firstDelay,
                mostDelay,
                silence,
                window,
                retry,
                credentials,
                tls,
                notices,
                newCompression);
    }

    private static void positive(Duration duration, String name) {
        if (!duration.isPositive()) {
            throw new IllegalArgumentException(name + " must be more than 0, but is " + duration);
        }
    }
}
