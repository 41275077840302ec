package dev.fanfare.server.rest;

import dev.fanfare.Broker;
import dev.fanfare.ErrorCode;
import dev.fanfare.FanfareException;
import dev.fanfare.Topic;
import dev.fanfare.protocol.TopicNames;
import dev.fanfare.protocol.WireError;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.security.Operation;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/// REST of the flat dialect: the same topics in other words.
final class FlatCalls {

    private final Broker broker;
    private final Uptime uptime;
    private final boolean guarded;

    FlatCalls(ServerContext server, Uptime uptime) {
        this.broker = server.broker();
        this.uptime = uptime;
        this.guarded = server.access().isGuarded();
    }

    List<Route> routes() {
        return List.of(
                Route.later("POST", "/topics", Need.ENTRY, this::create),
                Route.slow("GET", "/topics", Need.ENTRY, this::list),
                Route.later("DELETE", "/topics/{name}", Need.topic(Operation.MANAGE), this::delete),
                Route.quick("GET", "/health", Need.NOTHING, this::health),
                Route.slow("GET", "/stats", Need.ENTRY, this::stats));
    }

    private Endpoint.Answering create(Call call) {
        JsonObject body = JsonObject.parse(call.body());
        if (!body.has("name")) {
            return Endpoint.Answering.now(missing("name"));
        }
        String name = body.string("name").orElseThrow();
        String fault = TopicNames.flatFault(name);
        if (fault != null) {
            throw Problem.badRequest(400, fault);
        }
        call.caller().check(Operation.MANAGE, name);
        call.takeTopic();
        CompletableFuture<Topic> made = broker.createTopicAsync(name);
        return new Endpoint.Answering(made, () -> {
            try {
                TopicCalls.result(made);
            } catch (FanfareException refused) {
                if (refused.code() != ErrorCode.TOPIC_EXISTS) {
                    throw refused;
                }
            }
            return Answer.json(201, out -> out.raw("{\"name\":").string(name).raw(",\"created\":true}"));
        });
    }

    /// The shape in which clients of this dialect are told of fields.
    private static Answer missing(String field) {
        return Answer.json(
                422,
                out -> out.raw("{\"detail\":[{\"type\":\"missing\",\"loc\":[\"body\",")
                        .string(field)
                        .raw("],\"msg\":\"Field required\"}]}"));
    }

    private Answer list(Call call) {
        return Answer.json(200, out -> {
            out.raw("[");
            try (Stream<Topic> topics = TopicCalls.visible(call, broker.topics())) {
                Iterator<Topic> each = topics.iterator();
                while (each.hasNext()) {
                    out.string(each.next().name()).raw(each.hasNext() ? "," : "");
                }
            }
            out.raw("]");
        });
    }

    private Endpoint.Answering delete(Call call) {
        String name = call.variable("name");
        if (TopicNames.flatFault(name) != null) {
            throw Problem.of(WireError.topicNotFound(name));
        }
        CompletableFuture<Boolean> deleted = broker.deleteTopicAsync(name);
        return new Endpoint.Answering(deleted, () -> {
            if (!TopicCalls.result(deleted)) {
                throw Problem.of(WireError.topicNotFound(name));
            }
            return Answer.empty(204);
        });
    }

    /// See [HealthCalls]: without figures where somebody has to show who it is to see any.
    private Answer health(Call call) {
        return Answer.json(200, out -> {
            out.raw("{\"status\":\"healthy\",\"uptime_seconds\":").raw(uptime.exactSeconds());
            if (!guarded) {
                out.raw(",\"topic_count\":").number(broker.feeds().topics());
                out.raw(",\"active_subscriber_count\":").number(broker.feeds().subscriptions());
            }
            out.raw("}");
        });
    }

    private Answer stats(Call call) {
        return Answer.json(200, out -> {
            out.raw("{\"topics\":{");
            try (Stream<Topic> topics = TopicCalls.visible(call, broker.topics())) {
                Iterator<Topic> each = topics.iterator();
                while (each.hasNext()) {
                    Topic topic = each.next();
                    out.string(topic.name())
                            .raw(":{\"message_count\":")
                            .number(topic.visible())
                            .raw(",\"subscriber_count\":")
                            .number(topic.subscribers())
                            .raw(each.hasNext() ? "}," : "}");
                }
            }
            out.raw("}}");
        });
    }
}
