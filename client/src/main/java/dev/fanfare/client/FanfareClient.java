package dev.fanfare.client;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A client of one server. Any thread may use it. Connections are opened when they are first needed and kept up
/// from then on; see [ClientOptions] for how.
///
/// ```java
/// try (var client = FanfareClient.open("http://localhost:8080")) {
///     client.createTopic("orders");
///     client.subscribe("orders", event -> IO.println(event.text()));
///     client.publish("orders", "hello").join();
/// }
/// ```
public final class FanfareClient implements AutoCloseable {

    private final ServerUrl url;
    private final ClientOptions options;
    private final HttpClient http;
    private final Executor executor = Executors.newVirtualThreadPerTaskExecutor();
    private final Set<Subscription> subscriptions = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    // Both guarded by the lock.
    private @Nullable PublishLane lane;
    private boolean closed;

    private FanfareClient(ServerUrl url, ClientOptions options) {
        this.url = url;
        this.options = options;
        HttpClient.Builder opening = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(options.connectTimeout())
                .executor(executor);
        if (options.tls() != null) {
            opening.sslContext(options.tls());
        }
        this.http = opening.build();
    }

    /// A client with the default options. Connects to nothing yet.
    ///
    /// @param url the server's address, such as `http://localhost:8080` or `ws://localhost:8080/ws`
    /// @throws IllegalArgumentException when that is no address of a server
    public static FanfareClient open(String url) {
        return open(url, ClientOptions.defaults());
    }

    /// A client. Connects to nothing yet.
    ///
    /// @throws IllegalArgumentException when `url` is no address of a server
    public static FanfareClient open(String url, ClientOptions options) {
        return new FanfareClient(ServerUrl.parse(url), options);
    }

    /// Makes a topic.
    ///
    /// @return false when it was there already
    /// @throws ClientException when the server refuses, or can't be reached
    public boolean createTopic(String name) {
        HttpResponse<String> response = call(HttpRequest.newBuilder(URI.create(url.http() + "/topics"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(Frames.createTopic(name))));
        return switch (response.statusCode()) {
            case 201 -> true;
            case 409 -> false;
            default -> throw refused("creating topic " + name, response);
        };
    }

    /// Deletes a topic and its history; its subscribers are told.
    ///
    /// @return false when there was none
    /// @throws ClientException when the server refuses, or can't be reached
    public boolean deleteTopic(String name) {
        String encoded = URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
        HttpResponse<String> response = call(HttpRequest.newBuilder(URI.create(url.http() + "/topics/" + encoded))
                .DELETE());
        return switch (response.statusCode()) {
            case 200 -> true;
            case 404 -> false;
            default -> throw refused("deleting topic " + name, response);
        };
    }

    /// Publishes a string. See [#publish(String, Outgoing)].
    public CompletableFuture<Published> publish(String topic, String text) {
        return publish(topic, Outgoing.text(text));
    }

    /// Publishes a message. Messages to one topic keep their order. When the connection breaks before the answer,
    /// the message is sent again with the same id, so it may be in the log twice but is never lost in silence; one
    /// over which ten connections in a row break fails. Waits while as many publishes are unanswered as
    /// [ClientOptions#window] allows. With [ClientOptions#retry] one that the server refuses for now is sent
    /// again; it may then come after messages that were sent meanwhile.
    ///
    /// @return completed with the message's place, or with a [ClientException]: the server's refusal, or
    ///     [ClientException#CLOSED]. It is completed on a virtual thread of its own: what follows may wait, even
    ///     for this client, and may come in another order than the messages
    /// @throws ClientException when this is the first publish and the server can't be reached, or when interrupted
    /// @throws IllegalArgumentException when there is half a pair of surrogates in it, which can't be sent
    public CompletableFuture<Published> publish(String topic, Outgoing message) {
        try {
            return lane().publish(topic, message);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClientException(ClientException.CLOSED, "interrupted while waiting to publish to " + topic, e);
        }
    }

    /// Asks those who hear a topic by its name, and waits for the first reply. It is not asked again when the
    /// connection
    /// breaks, since it may have been carried out.
    ///
    /// @param timeout how long a reply may take, 1 ms to a day
    /// @return completed with the reply, or with a [ClientException]: `NO_RESPONDERS` at once when nobody is there
    ///     to answer, `TIMEOUT`, `LIMIT_REACHED` when 1,000 wait already, [ClientException#CONNECTION], or what
    ///     else the server refuses
    /// @throws ClientException when the server can't be reached at first
    public CompletableFuture<Reply> request(String topic, Outgoing message, Duration timeout) {
        return lane().ask(topic, message, timeout, false).thenApply(List::getFirst);
    }

    /// Asks those who hear a topic by its name, and waits for every reply that comes in time. See [#request].
    ///
    /// @return completed when the time is over with the replies, in the order in which they came, 1,000 at most
    public CompletableFuture<List<Reply>> requestAll(String topic, Outgoing message, Duration timeout) {
        return lane().ask(topic, message, timeout, true);
    }

    /// Answers a request: publishes to where it wants its replies, with its correlation id.
    ///
    /// @return as [#publish(String, Outgoing)] does, without a place; `TOPIC_NOT_FOUND` when nobody waits any more
    /// @throws IllegalArgumentException when the message wants no reply
    public CompletableFuture<Published> reply(Event request, Outgoing answer) {
        if (request.replyTo() == null) {
            throw new IllegalArgumentException("message " + request.id() + " wants no reply");
        }
        return publish(
                request.replyTo(),
                request.correlationId() == null ? answer : answer.withCorrelationId(request.correlationId()));
    }

    /// Begins a transaction: messages that are published together or not at all.
    public Transaction transaction() {
        return new Transaction(this);
    }

    CompletableFuture<List<Published>> commit(List<Transaction.Part> parts) {
        try {
            return lane().publish(parts);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClientException(ClientException.CLOSED, "interrupted while waiting to commit", e);
        }
    }

    /// Subscribes to a topic or a pattern (`orders.*`, `logs/**`), from now on. Waits for the server's answer.
    ///
    /// @throws ClientException when the server refuses (`TOPIC_NOT_FOUND`, for example), or can't be reached
    public Subscription subscribe(String pattern, Consumer<Event> handler) {
        return subscribe(pattern, Start.latest(), handler::accept);
    }

    /// Subscribes to a topic or a pattern. Waits for the server's answer.
    ///
    /// @throws ClientException when the server refuses (`TOPIC_NOT_FOUND`, for example), or can't be reached
    public Subscription subscribe(String pattern, Start start, SubscriptionListener listener) {
        return subscribe(pattern, start, Selection.all(), listener);
    }

    /// Subscribes to those messages of a topic or a pattern that are wanted. Waits for the server's answer.
    ///
    /// @throws ClientException when the server refuses (`BAD_REQUEST` for a filter that can't be understood,
    ///     with its place), or can't be reached
    public Subscription subscribe(String pattern, Start start, Selection wanted, SubscriptionListener listener) {
        return subscribe(pattern, start, wanted, null, new Subscription.Hearer() {
            @Override
            public void heard(Delivery delivery) {
                listener.onEvent(delivery.event());
            }

            @Override
            public void told(Notice notice) {
                listener.onNotice(notice);
            }
        });
    }

    /// Subscribes to a topic or a pattern, from now on, and acknowledges what it hears. See
    /// [#subscribe(String, Acknowledging, Start, Selection, DeliveryListener)].
    public Subscription subscribe(String pattern, Acknowledging how, DeliveryListener listener) {
        return subscribe(pattern, how, Start.latest(), Selection.all(), listener);
    }

    /// Subscribes to those messages of a topic or a pattern that are wanted, and acknowledges each when the listener
    /// has handled it: at least once. What is not acknowledged when the connection breaks comes again, here or to
    /// another member of the group; see [Acknowledging] for what that means without a name. What the listener
    /// throws on, or says has failed, comes again after a while, until its attempts are used up. Waits for the
    /// server's answer.
    ///
    /// @param start where the name begins when there is none yet, or the subscription without one
    /// @throws ClientException when the server refuses (`BAD_REQUEST` when the name is used for something else,
    ///     with the difference), or can't be reached
    public Subscription subscribe(
            String pattern, Acknowledging how, Start start, Selection wanted, DeliveryListener listener) {
        return subscribe(pattern, start, wanted, how, new Subscription.Hearer() {
            @Override
            public void heard(Delivery delivery) throws Exception {
                listener.onDelivery(delivery);
            }

            @Override
            public void told(Notice notice) {
                listener.onNotice(notice);
            }
        });
    }

    private Subscription subscribe(
            String pattern, Start start, Selection wanted, @Nullable Acknowledging how, Subscription.Hearer hearer) {
        Subscription subscription =
                new Subscription(http, url.webSocket(), options, executor, pattern, start, wanted, how, hearer);
        lock.lock();
        try {
            requireOpen();
            subscriptions.removeIf(Subscription::isClosed);
            subscriptions.add(subscription);
        } finally {
            lock.unlock();
        }
        subscription.open();
        return subscription;
    }

    /// Closes every connection; what is unanswered fails with [ClientException#CLOSED], on threads of its own that
    /// may end after this returns. Waits for the server's
    /// agreement, for two seconds at most. Any number of times.
    @Override
    public void close() {
        List<CompletableFuture<Void>> closing = new ArrayList<>();
        lock.lock();
        try {
            closed = true;
            if (lane != null) {
                closing.add(lane.close());
            }
        } finally {
            lock.unlock();
        }
        subscriptions.forEach(subscription -> closing.add(subscription.closing()));
        CompletableFuture.allOf(closing.toArray(CompletableFuture[]::new)).join();
        http.shutdownNow();
    }

    private PublishLane lane() {
        lock.lock();
        try {
            requireOpen();
            if (lane == null) {
                PublishLane opened = new PublishLane(http, url.webSocket(), options, executor);
                opened.open();
                lane = opened;
            }
            return lane;
        } finally {
            lock.unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new ClientException(ClientException.CLOSED, "this client is closed");
        }
    }

    private HttpResponse<String> call(HttpRequest.Builder request) {
        options.credentials().headers().forEach(request::header);
        try {
            return http.send(
                    request.timeout(options.connectTimeout()).build(),
                    HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new ClientException(
                    ClientException.CONNECTION, "can't connect to " + url.http() + ": " + ClientException.reason(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClientException(ClientException.CLOSED, "interrupted while waiting for " + url.http(), e);
        }
    }

    private static ClientException refused(String what, HttpResponse<String> response) {
        return Frames.problem(what, response.statusCode(), response.body());
    }
}
