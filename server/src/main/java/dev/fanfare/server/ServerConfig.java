package dev.fanfare.server;

import dev.fanfare.BrokerConfig;
import dev.fanfare.DeliveryStrategy;
import dev.fanfare.DurableTopics;
import dev.fanfare.Expiry;
import dev.fanfare.Pending;
import dev.fanfare.RoutingConfig;
import dev.fanfare.TopicConfig;
import dev.fanfare.server.alerts.AlertConfig;
import dev.fanfare.server.filter.Expressions;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Everything a server is started with. Immutable; made from [Settings], or from a few of them by [#of].
///
/// @param network where it listens and for whom
/// @param limits how much there may be of what
/// @param history what topics keep
/// @param durable which topics outlive the process, and where they are kept
/// @param waiting how much may wait for its time
/// @param delivery how subscribers are served
/// @param flat what only the flat dialect has
/// @param shutdown how it ends
/// @param security who may come in, and what they may do
/// @param telemetry what it tells of itself
/// @param routing the rules by which messages go from topic to topic, and their bounds
/// @param memoryBytes what the process may use, heap and direct memory together
/// @param logLevel how much the log says
/// @param autoCreateTopics whether publishing or subscribing makes a topic
/// @param messageIds what a message's id may be
public record ServerConfig(
        Network network,
        Limits limits,
        History history,
        Durable durable,
        Waiting waiting,
        Delivery delivery,
        Flat flat,
        Shutdown shutdown,
        Security security,
        Telemetry telemetry,
        RoutingConfig routing,
        long memoryBytes,
        LogLevel logLevel,
        boolean autoCreateTopics,
        MessageIds messageIds) {

    /// What happens to a subscription when too many messages wait for it.
    public enum Overflow {
        /// It goes on with the newest ones and is told how many it lost.
        DROP_OLDEST,
        /// It gets those that wait and loses the newer ones, and is told how many.
        DROP_NEWEST,
        /// It is told and disconnected.
        DISCONNECT
    }

    /// What clients may give as the id of a message.
    public enum MessageIds {
        /// A UUID.
        UUID,
        /// Any text up to 128 characters.
        ANY
    }

    /// Where the server listens and for whom.
    ///
    /// @param port of the standard dialect; 0 for any free one
    /// @param flatPort of the flat dialect, if it is to be served; 0 for any free one
    /// @param handshakeTimeout how long a request may take to arrive
    /// @param deflate whether permessage-deflate is offered
    /// @param eventLoops threads that serve connections; half the cores if nothing is said
    public record Network(
            String host,
            int port,
            Optional<Integer> flatPort,
            AllowedOrigins allowedOrigins,
            Duration handshakeTimeout,
            boolean deflate,
            Optional<Integer> eventLoops) {
        /// Checks that the two listeners do not want the same port.
        public Network {
            if (port != 0 && flatPort.isPresent() && flatPort.get() == port) {
                throw new SettingException(
                        "port and flat-port are both " + port + ": each dialect needs a port of its own");
            }
        }
    }

    /// A token bucket.
    ///
    /// @param perSecond tokens that come per second, above 0
    /// @param burst tokens that it holds, at least 1
    public record Rate(double perSecond, int burst) {
        /// Checks the bounds.
        public Rate {
            if (perSecond <= 0 || burst < 1) {
                throw new SettingException("a rate needs more than 0 per second and a burst of at least 1, not "
                        + perSecond + " and " + burst);
            }
        }
    }

    /// How much there may be of what.
    ///
    /// @param maxSubscriptions of one connection
    /// @param maxMessageSize in bytes, as sent
    /// @param publishRate messages a connection may publish per second
    /// @param publishBurst messages it may publish at once, if it was said
    /// @param clients how much one client, or one address, may take
    public record Limits(
            int maxTopics,
            int maxSubscribersPerTopic,
            int maxSubscriptions,
            int maxMessageSize,
            RateChoice publishRate,
            Optional<Integer> publishBurst,
            ClientLimits clients) {

        private static final int FLAT_BURST = 500;

        /// The limit on what one connection publishes, or null if there is none.
        public @Nullable Rate publishRate(Dialect dialect) {
            double perSecond = publishRate.in(dialect);
            if (perSecond == 0) {
                return null;
            }
            int usual = dialect == Dialect.FLAT ? FLAT_BURST : (int) Math.max(1, perSecond);
            return new Rate(perSecond, publishBurst.orElse(usual));
        }
    }

    /// What topics keep for replay.
    ///
    /// @param messages per topic
    /// @param bytes per topic
    /// @param totalBytes of all topics together
    public record History(int messages, long bytes, long totalBytes) {}

    /// Which topics outlive the process.
    ///
    /// @param data the folder in which they are kept; empty: there are none
    /// @param topics those that are durable by their names, and what durable topics are made with
    public record Durable(Optional<Path> data, DurableTopics topics) {
        /// Checks that there is a folder if it is needed.
        public Durable {
            if (data.isEmpty() && !topics.patterns().isEmpty()) {
                throw new SettingException(
                        "durable says that topics are durable, but nothing says where: set data to a folder");
            }
        }
    }

    /// How much may wait for its time or for an answer.
    ///
    /// @param delayed messages
    /// @param delayedBytes what they may hold together
    /// @param requests for replies
    public record Waiting(int delayed, long delayedBytes, int requests) {}

    /// How subscribers are served.
    ///
    /// @param subscriberQueue messages that may wait for a subscription whose connection takes no bytes
    /// @param overflow what happens above that
    /// @param heartbeat how long a connection may be silent
    /// @param blockTimeout how long a publish waits at most where a full queue lets publishers wait
    /// @param expiry how long groups and durable names stay when nobody is attached
    /// @param deadLetters what topics are made with that keep dead letters
    public record Delivery(
            int subscriberQueue,
            Overflow overflow,
            Duration heartbeat,
            Duration blockTimeout,
            Expiry expiry,
            TopicConfig deadLetters) {}

    /// What only the flat dialect has.
    ///
    /// @param topicQueue what [Delivery#subscriberQueue] is in the standard dialect
    /// @param delivery when a subscriber is served
    /// @param slowSendTimeout how long a subscriber may take no byte
    public record Flat(int topicQueue, DeliveryStrategy delivery, Duration slowSendTimeout) {}

    /// How the server ends.
    ///
    /// @param grace how long clients may take for what waits for them
    /// @param drainJitter over how long the closing of connections is spread
    public record Shutdown(Duration grace, Duration drainJitter) {}

    /// Who may come in, and what they may do.
    ///
    /// @param keys the file of API keys
    /// @param tokenKeys what tokens are signed with
    /// @param tokenIssuer who must have made a token, if it matters
    /// @param tokenAudience whom a token must be for, if it matters
    /// @param tokenRole the claim of a token that says its role
    /// @param rules the file of rules
    /// @param auditLog where it is written who did and was refused what; empty: in the log
    /// @param auditLogSize bytes of one such file
    /// @param tls what connections are encrypted with; empty: they are not
    public record Security(
            Optional<Path> keys,
            Optional<TokenKeys> tokenKeys,
            Optional<String> tokenIssuer,
            Optional<String> tokenAudience,
            String tokenRole,
            Optional<Path> rules,
            Optional<Tls> tls,
            Optional<Path> auditLog,
            long auditLogSize) {

        /// Whether anything is asked of whoever comes.
        public boolean isGuarded() {
            return keys.isPresent()
                    || tokenKeys.isPresent()
                    || rules.isPresent()
                    || tls.flatMap(Tls::clientCa).isPresent();
        }
    }

    /// What the server tells of itself.
    ///
    /// @param metricsTopics topics, and subscriptions, that have figures of their own
    /// @param tracing where spans are sent; empty: none are made
    /// @param tracingSample the share of messages without a trace of their own that begin one, 0 to 1
    /// @param logFormat how the lines of the log look
    /// @param alerts what of its figures is told when it is wrong
    /// @param requiredTopics without which it is not ready
    public record Telemetry(
            int metricsTopics,
            Optional<URI> tracing,
            double tracingSample,
            LogFormat logFormat,
            AlertConfig alerts,
            List<String> requiredTopics) {

        /// Copies the list.
        public Telemetry {
            requiredTopics = List.copyOf(requiredTopics);
        }
    }

    /// How much of the server one client, or one address, may take; and all of them together.
    ///
    /// @param maxConnections of all clients
    /// @param addressConnections from one address
    /// @param addressConnectionRate new ones from one address
    /// @param connections sessions of one client
    /// @param subscriptions of one client
    /// @param topicRate topics that one client makes
    /// @param publishRate messages that one client publishes
    /// @param publishBytes bytes that one client publishes
    /// @param bufferBytes what may wait for all clients together
    public record ClientLimits(
            int maxConnections,
            int addressConnections,
            Optional<Rate> addressConnectionRate,
            int connections,
            int subscriptions,
            Optional<Rate> topicRate,
            Optional<Rate> publishRate,
            Optional<Rate> publishBytes,
            long bufferBytes) {}

    /// What connections are encrypted with.
    ///
    /// @param certificate the file of the server's certificate, and those that vouch for it
    /// @param key the file of its private key
    /// @param clientCa the file of who vouches for clients; empty: clients show no certificate
    /// @param clientAuth whether a client must show one
    /// @param clientName where a client's certificate says its name
    /// @param clientRole where it says its role
    public record Tls(
            Path certificate,
            Path key,
            Optional<Path> clientCa,
            ClientAuth clientAuth,
            CertificateName clientName,
            CertificateRole clientRole) {}

    /// Whether clients must show a certificate.
    public enum ClientAuth {
        /// Who shows none is not let in.
        REQUIRED,
        /// Who shows none comes in another way, or not.
        OPTIONAL
    }

    /// Where a client's certificate says its name.
    public enum CertificateName {
        /// The common name of its subject.
        CN,
        /// The first host name among its alternative names.
        DNS,
        /// The first address among its alternative names, such as `spiffe://…`.
        URI,
        /// The first mail address among its alternative names.
        EMAIL,
        /// Its whole subject.
        SUBJECT
    }

    /// Where a client's certificate says its role.
    public enum CertificateRole {
        /// Nowhere: it has none.
        NONE,
        /// The organizational unit of its subject.
        OU
    }

    /// Where the keys are that tokens are signed with.
    public sealed interface TokenKeys {

        /// In a file.
        record In(Path file) implements TokenKeys {}

        /// At an address that publishes them.
        record At(URI address) implements TokenKeys {}
    }

    /// Checks what concerns more than one setting.
    public ServerConfig {
        if (history.totalBytes > memoryBytes) {
            throw new SettingException("history-memory is " + history.totalBytes + " bytes and memory only "
                    + memoryBytes + ": histories must fit into memory");
        }
        if (limits.clients.bufferBytes > memoryBytes) {
            throw new SettingException("buffer-memory is " + limits.clients.bufferBytes + " bytes and memory only "
                    + memoryBytes + ": what waits must fit into memory");
        }
        if (waiting.delayedBytes > memoryBytes) {
            throw new SettingException("delayed-memory is " + waiting.delayedBytes + " bytes and memory only "
                    + memoryBytes + ": messages that wait must fit into memory");
        }
    }

    /// Every setting at its default.
    public static ServerConfig defaults() {
        return of(Map.of());
    }

    /// Some settings by their names, the others at their defaults; nothing else is looked at. For programs that
    /// start a server themselves: `ServerConfig.of(Map.of("port", "0", "flat-port", "0"))`.
    ///
    /// @throws SettingException for an unknown name or a value that is not allowed
    public static ServerConfig of(Map<String, String> settings) {
        return Settings.of(settings).config();
    }

    /// What the broker is opened with that the server has of its own.
    BrokerConfig broker() {
        return BrokerConfig.defaults()
                .withAutoCreateTopics(autoCreateTopics())
                .withMaxTopics(limits().maxTopics())
                .withMaxSubscribersPerTopic(limits().maxSubscribersPerTopic())
                .withRouting(routing().withFilters(Expressions::understood))
                .withHistoryMemory(history().totalBytes())
                .withPending(new Pending(
                        waiting().delayed(), waiting().delayedBytes(), waiting().requests()))
                .withDurable(durable().topics())
                .withBlockTimeout(delivery().blockTimeout())
                .withExpiry(delivery().expiry())
                .withDeadLetters(delivery().deadLetters())
                .withTopics(TopicConfig.defaults()
                        .withHistory(history().messages())
                        .withHistoryBytes(history().bytes()));
    }
}
