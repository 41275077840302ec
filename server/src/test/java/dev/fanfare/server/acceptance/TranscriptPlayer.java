package dev.fanfare.server.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Plays a transcript against a listener of a running server.
final class TranscriptPlayer implements AutoCloseable {

    private final int port;
    private final Map<String, WireClient> connections = new LinkedHashMap<>();
    private final Transcript.Values values = new Transcript.Values();
    private @Nullable RestAnswer answer;

    TranscriptPlayer(int port) {
        this.port = port;
    }

    void play(Transcript transcript) {
        for (Transcript.Step step : transcript.steps()) {
            try {
                play(step);
            } catch (RuntimeException | AssertionError failed) {
                throw new AssertionError("line " + step.line() + " (" + step + "): " + failed.getMessage(), failed);
            }
        }
        connections.values().forEach(WireClient::closeWithNothingLeft);
        connections.clear();
    }

    private void play(Transcript.Step step) {
        switch (step) {
            case Transcript.Open(var line, var name, var path) ->
                connections.put(name, WireClient.tcp(port).upgrade(path));
            case Transcript.Send(var line, var name, var text) ->
                connection(name).send(values.fill(text));
            case Transcript.Receive(var line, var name, var template) -> {
                String text = connection(name).text();
                if (!values.matches(template, text)) {
                    fail("expected %s%nreceived %s", values.fill(template), text);
                }
            }
            case Transcript.SendClose(var line, var name, var code) ->
                connection(name).sendClose(code);
            case Transcript.ReceiveClose(var line, var name, var code) -> {
                try (WireClient client = connection(name)) {
                    assertThat(client.next()).hasToString("close " + code);
                }
                connections.remove(name);
            }
            case Transcript.Call(var line, var method, var path, var body) ->
                answer = RestAnswer.of(port, method, values.fill(path), values.fill(body));
            case Transcript.Answer(var line, var status, var template) -> {
                RestAnswer given = answer;
                assertThat(given).as("a REST call before its answer").isNotNull();
                if (given.status() != status || !values.matches(template, given.body())) {
                    fail("expected %s %s%nreceived %s %s", status, values.fill(template), given.status(), given.body());
                }
            }
        }
    }

    private WireClient connection(String name) {
        return connections.computeIfAbsent(name, unknown -> WireClient.open(port));
    }

    @Override
    public void close() {
        connections.values().forEach(WireClient::close);
    }
}
