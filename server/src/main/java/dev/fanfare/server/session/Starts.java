package dev.fanfare.server.session;

import dev.fanfare.Position;
import dev.fanfare.Start;
import dev.fanfare.protocol.Request;
import java.util.HashMap;
import java.util.Map;

/// From where a peer asks to be served, in the broker's words.
final class Starts {

    private Starts() {}

    static Start of(Request.Subscribe request) {
        return switch (request.from()) {
            case Request.From.Latest() -> Start.latest();
            case Request.From.Earliest() -> Start.earliest();
            case Request.From.LastN(int count) -> Start.lastN(count);
            case Request.From.Offset(long offset) -> new Start.AtOffset(offset);
            case Request.From.Time(var time) -> new Start.AtTime(time);
            case Request.From.Since(var position) -> new Start.After(position(position));
            case Request.From.SinceAll(var time, var topics) -> new Start.AfterAll(time, positions(topics));
        };
    }

    private static Position position(Request.Position position) {
        return new Position(position.epoch(), position.offset());
    }

    private static Map<String, Position> positions(Map<String, Request.Position> topics) {
        Map<String, Position> positions = HashMap.newHashMap(topics.size());
        topics.forEach((topic, position) -> positions.put(topic, position(position)));
        return positions;
    }
}
