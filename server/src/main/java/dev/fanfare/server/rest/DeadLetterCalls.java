package dev.fanfare.server.rest;

import dev.fanfare.AcknowledgedSubscription;
import dev.fanfare.Broker;
import dev.fanfare.CircuitBreaker;
import dev.fanfare.DeadLetter;
import dev.fanfare.DeadLetters;
import dev.fanfare.Message;
import dev.fanfare.PublishResult;
import dev.fanfare.protocol.Excerpt;
import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.Dialect;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.security.Operation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Acknowledged subscriptions and what they have given up, over REST, standard dialect.
final class DeadLetterCalls {

    private static final String PATH = "/topics/{name}/dead-letters";
    private static final int PAGE_DEFAULT = 100;
    private static final int PAGE_MAX = 1_000;
    private static final int PAGE_BYTES = 4 << 20;
    private static final int OFFSETS_MAX = 10_000;
    private static final int SUBSCRIPTIONS_MAX = 10_000_000;
    /// What the name of a topic's own dead-letter topic begins with.
    private static final String OWN = "$dead/";

    private static final Set<String> REDRIVE = new TreeSet<>(Set.of("offsets", "to"));

    private final Broker broker;
    private final ServerContext server;
    private final BiConsumer<JsonBytes, Message> event;

    /// @param event writes a message as it appears on a WebSocket
    DeadLetterCalls(ServerContext server, BiConsumer<JsonBytes, Message> event) {
        this.broker = server.broker();
        this.server = server;
        this.event = event;
    }

    List<Route> routes() {
        return List.of(
                Route.slow("GET", PATH, Need.topic(Operation.MANAGE), this::list),
                Route.slow("DELETE", PATH, Need.topic(Operation.MANAGE), this::purge),
                Route.slow("POST", PATH + "/redrive", Need.topic(Operation.MANAGE), this::redrive),
                Route.slow("GET", "/subscriptions", Need.FIGURES, this::subscriptions),
                Route.slow("DELETE", "/subscriptions/{name}", Need.EVERYTHING, this::end));
    }

    /// The dead letters that are meant. Those of a topic may be kept by another one, which may be for others.
    ///
    /// @throws Problem 401 or 403 when the caller may not manage that one
    private DeadLetters letters(Call call) {
        String name = call.variable("name");
        DeadLetters letters = broker.deadLetters(name);
        String keeper = letters.topic();
        if (!keeper.equals(name) && !keeper.equals(OWN + name)) {
            call.caller().check(Operation.MANAGE, keeper);
        }
        return letters;
    }

    private Answer list(Call call) {
        DeadLetters letters = letters(call);
        int limit = call.parameter("limit", PAGE_DEFAULT, 1, PAGE_MAX);
        long from = call.parameter("from").map(DeadLetterCalls::offset).orElse(0L);
        List<DeadLetter> found = letters.list(from, limit);
        return Answer.json(200, out -> {
            out.raw("{\"topic\":").string(letters.topic()).raw(",\"dead_letters\":[");
            String separator = "";
            long next = from;
            for (DeadLetter letter : found) {
                if (out.length() > PAGE_BYTES) {
                    break;
                }
                out.raw(separator);
                write(out, letter);
                next = letter.offset() + 1;
                separator = ",";
            }
            out.raw("],\"count\":")
                    .number(letters.count())
                    .raw(",\"next\":")
                    .number(next)
                    .raw("}");
        });
    }

    private static long offset(String text) {
        if (!text.matches("\\d{1,18}")) {
            throw Problem.badRequest(
                    400, "parameter from must be an offset in the dead-letter topic, not '" + Excerpt.of(text) + "'");
        }
        return Long.parseLong(text);
    }

    private void write(JsonBytes out, DeadLetter letter) {
        out.raw("{\"offset\":").number(letter.offset());
        out.raw(",\"reason\":").string(letter.reason().label());
        out.raw(",\"at\":").timestamp(letter.at().toEpochMilli());
        out.raw(",\"attempts\":").number(letter.attempts());
        out.raw(",\"subscription\":").string(letter.subscription());
        out.raw(",\"first_error\":").string(letter.firstError());
        out.raw(",\"last_error\":").string(letter.lastError());
        out.raw(",\"event\":");
        event.accept(out, letter.message());
        out.raw("}");
    }

    private Answer purge(Call call) {
        DeadLetters letters = letters(call);
        long purged = letters.purge();
        return Answer.json(
                200,
                out -> out.raw("{\"status\":\"purged\",\"topic\":")
                        .string(letters.topic())
                        .raw(",\"purged\":")
                        .number(purged)
                        .raw("}"));
    }

    private Answer redrive(Call call) {
        DeadLetters letters = letters(call);
        JsonObject body = call.body().length == 0 ? null : JsonObject.parse(call.body());
        List<Long> offsets = null;
        String to = null;
        if (body != null) {
            body.only(REDRIVE);
            offsets = body.offsets("offsets", OFFSETS_MAX).orElse(null);
            to = body.string("to").orElse(null);
        }
        if (to == null) {
            offsets = goingBack(call, letters, offsets);
        } else {
            mayPublish(call, to);
            TopicCalls.existing(broker, to);
        }
        DeadLetters.Redriven redriven = letters.redrive(offsets, to);
        PublishResult.Refused refused = redriven.refused();
        if (refused != null && redriven.done() == 0) {
            throw refused.exception();
        }
        Problem cutShort = refused == null ? null : Problem.of(refused.exception());
        if (cutShort != null) {
            server.refused(Dialect.STANDARD, cutShort);
        }
        return Answer.json(200, out -> {
            out.raw("{\"redriven\":").number(redriven.done());
            if (cutShort != null) {
                out.raw(",\"error\":");
                Problems.error(out, cutShort);
            }
            out.raw("}");
        });
    }

    /// Those of these letters that there are, each of which the caller may publish where it goes back to.
    ///
    /// @param offsets null: all
    /// @throws Problem 401 or 403 when it may not publish one of them; then none goes
    private static List<Long> goingBack(Call call, DeadLetters letters, @Nullable List<Long> offsets) {
        List<Long> going = new ArrayList<>();
        if (offsets != null) {
            for (long offset : offsets) {
                letters.find(offset).ifPresent(letter -> going.add(allowed(call, letter)));
            }
            return going;
        }
        List<DeadLetter> page = letters.list(0, PAGE_MAX);
        while (!page.isEmpty()) {
            page.forEach(letter -> going.add(allowed(call, letter)));
            page = letters.list(page.getLast().offset() + 1, PAGE_MAX);
        }
        return going;
    }

    private static long allowed(Call call, DeadLetter letter) {
        mayPublish(call, letter.message().topic());
        return letter.offset();
    }

    private static void mayPublish(Call call, String topic) {
        TopicCalls.ownByClients(topic);
        call.caller().check(Operation.PUBLISH, topic);
    }

    private Answer subscriptions(Call call) {
        int limit = call.parameter("limit", SUBSCRIPTIONS_MAX, 1, SUBSCRIPTIONS_MAX);
        String wanted = call.parameter("contains").orElse("").toLowerCase(Locale.ROOT);
        List<AcknowledgedSubscription.Figures> all = broker.figures().acknowledged().stream()
                .filter(each -> contains(each.name(), wanted) || contains(each.pattern(), wanted))
                .sorted(Comparator.comparing(AcknowledgedSubscription.Figures::name))
                .toList();
        return Answer.json(200, out -> {
            out.raw("{\"subscriptions\":[");
            String separator = "";
            for (AcknowledgedSubscription.Figures each : all.subList(0, Math.min(limit, all.size()))) {
                out.raw(separator);
                write(out, each);
                separator = ",";
            }
            out.raw("],\"count\":").number(all.size()).raw("}");
        });
    }

    private static boolean contains(String text, String wanted) {
        return text.toLowerCase(Locale.ROOT).contains(wanted);
    }

    private Answer end(Call call) {
        String name = call.variable("name");
        if (!broker.endSubscription(name)) {
            throw Problem.badRequest(404, "there is no group or durable name '" + Excerpt.of(name) + "'");
        }
        return Answer.json(
                200,
                out -> out.raw("{\"status\":\"deleted\",\"subscription\":")
                        .string(name)
                        .raw("}"));
    }

    private static void write(JsonBytes out, AcknowledgedSubscription.Figures figures) {
        out.raw("{\"name\":").string(figures.name()).raw(",\"topic\":").string(figures.pattern());
        out.raw(",\"members\":").number(figures.members());
        out.raw(",\"lag\":").number(figures.lag());
        out.raw(",\"in_flight\":").number(figures.inFlight());
        out.raw(",\"waiting\":").number(figures.waiting());
        out.raw(",\"delivered\":").number(figures.delivered());
        out.raw(",\"failed\":").number(figures.failed());
        out.raw(",\"retried\":").number(figures.retried());
        out.raw(",\"redelivered\":").number(figures.redelivered());
        out.raw(",\"dead_lettered\":").number(figures.deadLettered());
        out.raw(",\"dropped\":").number(figures.dropped());
        CircuitBreaker.State circuit = figures.circuit();
        if (circuit != null) {
            out.raw(",\"circuit\":").string(circuit.label());
            out.raw(",\"circuit_opened\":").number(figures.circuitOpened());
        }
        out.raw("}");
    }
}
