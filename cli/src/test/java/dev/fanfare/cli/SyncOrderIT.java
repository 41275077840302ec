package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What the operating system is asked for, and in which order: the device has what is promised to be synced
/// before the answer goes to the socket. Needs strace.
@Tag("stress")
class SyncOrderIT {

    private static final Pattern LINE = Pattern.compile("^(\\d+) +(.*)$");
    private static final Pattern RESUMED = Pattern.compile("^<\\.\\.\\. \\w+ resumed>(.*)$");
    private static final Pattern CALL = Pattern.compile("^(\\w+)\\(\\d+<([^>]*)>.*$");

    @TempDir
    private Path temporary;

    @BeforeAll
    static void needsStrace() throws InterruptedException {
        try {
            new ProcessBuilder("strace", "-V")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException missing) {
            throw new AssertionError("this test needs strace: apt-get install strace", missing);
        }
    }

    /// A call: what, on which file or socket, the whole line, and between which lines of the trace it was
    /// carried out.
    private record Call(String name, String file, String text, int began, int ended) {
        boolean isLogWrite() {
            return file.endsWith(".log") && name.contains("write");
        }

        boolean isLogSync() {
            return file.endsWith(".log") && name.endsWith("sync") && text.endsWith("= 0");
        }

        boolean isAnswer(String id) {
            return !file.startsWith("/") && text.contains("\\\"request_id\\\":\\\"" + id + "\\\"");
        }
    }

    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void theDeviceHasItBeforeTheAnswerGoesOut() throws Exception {
        Path trace = temporary.resolve("trace");
        Path data = temporary.resolve("data");
        List<String> markers = new ArrayList<>();
        try (Command server = Command.start(
                Path.of("strace"),
                new File("."),
                Map.of(),
                "-f",
                "-y",
                "-s4096",
                "-o" + trace,
                "-etrace=fdatasync,fsync,sync_file_range,write,pwrite64,writev,sendto,sendmsg",
                Command.launcher().toString(),
                "serve",
                "--port=0",
                "--memory=128MiB",
                "--data=" + data)) {
            talk(server.lineWith("REST").replaceFirst(".*(http://.*)", "$1"), markers);
            String pid = Files.readAllLines(data.resolve("fanfare.lock")).getFirst();
            assertThat(new ProcessBuilder("kill", "-TERM", pid).start().waitFor())
                    .isZero();
            assertThat(server.exitCode()).isZero();
        }
        List<Call> calls = calls(Files.readAllLines(trace));
        int before = answer(calls, "1", 0).ended();
        for (int request = 2; request <= markers.size(); request++) {
            Call answer = answer(calls, String.valueOf(request), before);
            String marker = markers.get(request - 1);
            assertThat(isSynced(calls, marker, before, answer.began()))
                    .as("synced before the answer to request %d (%s)", request, marker)
                    .isTrue();
            before = answer.ended();
        }
    }

    /// One request after the other, the first of which need not be safe.
    ///
    /// @param markers gets for each what must be in the log; empty for what does not show
    private static void talk(String url, List<String> markers) throws Exception {
        for (String level : List.of("written", "synced")) {
            Wire.rest("POST", url + "/topics", "{\"name\":\"" + level + "\",\"durability\":\"" + level + "\"}");
        }
        CompletableFuture<Void> delivered = new CompletableFuture<>();
        List<JsonNode> events = new ArrayList<>();
        try (Wire wire = new Wire(url, event -> {
            synchronized (events) {
                events.add(event);
                if (events.size() == 20) {
                    delivered.complete(null);
                }
            }
        })) {
            ask(
                    wire,
                    markers,
                    "",
                    Map.of("type", "subscribe", "topic", "synced", "client_id", "c", "ack", "manual", "durable", "d"));
            for (int i = 0; i < 20; i++) {
                ask(
                        wire,
                        markers,
                        "synced-" + i,
                        Map.of("type", "publish", "topic", "synced", "message", Map.of("payload", "synced-" + i)));
                ask(
                        wire,
                        markers,
                        "asked-" + i,
                        Map.of(
                                "type",
                                "publish",
                                "topic",
                                "written",
                                "durability",
                                "synced",
                                "message",
                                Map.of("payload", "asked-" + i)));
            }
            delivered.orTimeout(20, TimeUnit.SECONDS).join();
            for (int i = 0; i < 10; i++) {
                ask(wire, markers, "", Map.of("type", "ack", "topic", "synced", "client_id", "c", "offset", i));
                ask(
                        wire,
                        markers,
                        "both-" + i,
                        Map.of(
                                "type", "transaction",
                                "publish",
                                        List.of(Map.of("topic", "written", "message", Map.of("payload", "both-" + i))),
                                "ack", List.of(Map.of("topic", "synced", "client_id", "c", "offset", 10 + i))));
            }
        }
    }

    private static void ask(Wire wire, List<String> markers, String marker, Map<String, ?> request) {
        markers.add(marker);
        JsonNode answer = wire.ask(request).orTimeout(20, TimeUnit.SECONDS).join();
        assertThat(answer.path("type").asString()).as("%s", answer).isEqualTo("ack");
    }

    private static boolean isSynced(List<Call> calls, String marker, int from, int to) {
        return calls.stream()
                .filter(write -> write.isLogWrite()
                        && write.began() > from
                        && write.text().contains(marker))
                .anyMatch(write -> calls.stream()
                        .anyMatch(sync -> sync.isLogSync()
                                && sync.file().equals(write.file())
                                && sync.began() > write.ended()
                                && sync.ended() < to));
    }

    private static Call answer(List<Call> calls, String id, int from) {
        return calls.stream()
                .filter(call -> call.isAnswer(id) && call.began() > from)
                .findFirst()
                .orElseThrow(() -> new AssertionError("the answer to request " + id + " is not in the trace"));
    }

    /// The calls in a trace. One that another thread's interrupted is in it twice, as begun and as resumed.
    private static List<Call> calls(List<String> lines) {
        List<Call> calls = new ArrayList<>();
        Map<String, String> begun = new HashMap<>();
        Map<String, Integer> beganAt = new HashMap<>();
        for (int at = 0; at < lines.size(); at++) {
            Matcher line = LINE.matcher(lines.get(at));
            if (!line.matches()) {
                continue;
            }
            String thread = line.group(1);
            String text = line.group(2);
            int began = at;
            if (text.endsWith(" <unfinished ...>")) {
                begun.put(thread, text.substring(0, text.length() - " <unfinished ...>".length()));
                beganAt.put(thread, at);
                continue;
            }
            Matcher resumed = RESUMED.matcher(text);
            if (resumed.matches() && begun.containsKey(thread)) {
                text = begun.remove(thread) + resumed.group(1);
                began = beganAt.getOrDefault(thread, at);
            }
            Matcher call = CALL.matcher(text);
            if (call.matches()) {
                calls.add(new Call(call.group(1), call.group(2), text, began, at));
            }
        }
        return calls;
    }
}
