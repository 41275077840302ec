package dev.fanfare.server.rest;

import dev.fanfare.protocol.JsonBytes;
import dev.fanfare.server.ServerContext;
import dev.fanfare.server.security.Identity;
import dev.fanfare.server.security.Operation;
import dev.fanfare.server.security.Rights;
import java.util.List;
import java.util.Locale;

/// Who somebody is to the server, and what it may do, standard dialect.
final class WhoCalls {

    private static final List<Operation> ON_TOPICS = List.of(Operation.SUBSCRIBE, Operation.PUBLISH, Operation.MANAGE);

    private final ServerContext server;

    WhoCalls(ServerContext server) {
        this.server = server;
    }

    Route route() {
        return Route.quick("GET", "/whoami", Need.ENTRY, this::who);
    }

    private Answer who(Call call) {
        Identity identity = call.caller().identity();
        Rights rights = call.caller().rights();
        return Answer.json(200, out -> {
            out.raw("{\"identity\":").string(identity.toString());
            out.raw(",\"kind\":").string(identity.kind().name().toLowerCase(Locale.ROOT));
            out.raw(",\"role\":").string(identity.role());
            out.raw(",\"guarded\":").raw(Boolean.toString(server.access().isGuarded()));
            out.raw(",\"may\":{");
            for (Operation operation : ON_TOPICS) {
                out.raw("\"").raw(operation.word()).raw("\":");
                texts(out, rights.topics(operation));
                out.raw(",");
            }
            out.raw("\"observe\":").raw(Boolean.toString(rights.may(Operation.OBSERVE)));
            out.raw(",\"everything\":").raw(Boolean.toString(Need.EVERYTHING.isMet(rights, call)));
            out.raw("}");
            call.parameter("topic").ifPresent(topic -> onTopic(out, rights, topic));
            out.raw("}");
        });
    }

    private static void onTopic(JsonBytes out, Rights rights, String topic) {
        out.raw(",\"topic\":{\"name\":").string(topic);
        for (Operation operation : ON_TOPICS) {
            out.raw(",\"").raw(operation.word()).raw("\":").raw(Boolean.toString(rights.may(operation, topic)));
        }
        out.raw("}");
    }

    private static void texts(JsonBytes out, List<String> texts) {
        out.raw("[");
        String separator = "";
        for (String text : texts) {
            out.raw(separator).string(text);
            separator = ",";
        }
        out.raw("]");
    }
}
