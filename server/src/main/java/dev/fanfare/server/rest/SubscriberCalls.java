package dev.fanfare.server.rest;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Broker;
import dev.fanfare.BrokerStats.SubscriptionStats;
import dev.fanfare.CircuitBreaker;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.WireSubscriber;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/// Who hears a topic, how far behind each is, and why, standard dialect.
final class SubscriberCalls {

    private static final int LIMIT_DEFAULT = 100;
    private static final int LIMIT_MAX = 1_000;

    private final ServerContext server;
    private final Broker broker;

    SubscriberCalls(ServerContext server) {
        this.server = server;
        this.broker = server.broker();
    }

    Route route() {
        return Route.slow("GET", "/topics/{name}/subscribers", Need.FIGURES, this::list);
    }

    /// One of them.
    ///
    /// @param why what it waits for
    /// @param rest writes what only its kind has, behind another member
    private record Subscriber(
            String kind, String name, String topic, long lag, long dropped, Why why, Consumer<JsonBytes> rest) {}

    private Answer list(Call call) {
        String topic = TopicCalls.existing(broker, call.variable("name")).name();
        int limit = call.parameter("limit", LIMIT_DEFAULT, 1, LIMIT_MAX);
        List<Subscriber> all = new ArrayList<>();
        server.connections().subscribers(topic).forEach(each -> all.add(of(each)));
        broker.figures().inProcess(topic).forEach(each -> all.add(of(each)));
        broker.figures().acknowledged(topic).forEach(each -> all.add(of(each)));
        all.sort(Comparator.comparingLong(Subscriber::lag).reversed().thenComparing(Subscriber::name));
        return Answer.json(200, out -> {
            out.raw("{\"topic\":").string(topic);
            out.raw(",\"count\":").number(all.size());
            out.raw(",\"subscribers\":[");
            String separator = "";
            for (Subscriber each : all.subList(0, Math.min(limit, all.size()))) {
                out.raw(separator);
                write(out, each);
                separator = ",";
            }
            out.raw("]}");
        });
    }

    private static void write(JsonBytes out, Subscriber each) {
        out.raw("{\"kind\":").string(each.kind);
        out.raw(",\"name\":").string(each.name);
        out.raw(",\"topic\":").string(each.topic);
        out.raw(",\"lag\":").number(each.lag);
        out.raw(",\"dropped\":").number(each.dropped);
        out.raw(",\"state\":").string(each.why.state());
        out.raw(",\"why\":").string(each.why.text());
        each.rest.accept(out);
        out.raw("}");
    }

    private static Subscriber of(WireSubscriber live) {
        return new Subscriber(
                "connection", live.clientId(), live.topic(), live.lag(), live.dropped(), Why.of(live), out -> {
                    out.raw(",\"peer\":").string(live.peer());
                    out.raw(",\"identity\":").string(live.identity());
                    out.raw(",\"queue\":").number(live.queue());
                    out.raw(",\"overflow\":").string(live.overflow());
                    out.raw(",\"untaken_bytes\":").number(live.untakenBytes());
                });
    }

    private static Subscriber of(SubscriptionStats local) {
        return new Subscriber(
                "in_process", local.name(), local.pattern(), local.lag(), local.dropped(), Why.of(local), out -> {
                    out.raw(",\"delivered\":").number(local.delivered());
                    out.raw(",\"failed\":").number(local.failed());
                });
    }

    private static Subscriber of(AcknowledgedSubscription.Figures acknowledged) {
        return new Subscriber(
                "acknowledged",
                acknowledged.name(),
                acknowledged.pattern(),
                acknowledged.lag(),
                acknowledged.dropped(),
                Why.of(acknowledged),
                out -> {
                    out.raw(",\"members\":").number(acknowledged.members());
                    out.raw(",\"in_flight\":").number(acknowledged.inFlight());
                    out.raw(",\"waiting\":").number(acknowledged.waiting());
                    out.raw(",\"delivered\":").number(acknowledged.delivered());
                    out.raw(",\"failed\":").number(acknowledged.failed());
                    out.raw(",\"dead_lettered\":").number(acknowledged.deadLettered());
                    CircuitBreaker.State circuit = acknowledged.circuit();
                    if (circuit != null) {
                        out.raw(",\"circuit\":").string(circuit.label());
                    }
                });
    }
}
