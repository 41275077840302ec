package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// `fanfare pub` and `fanfare sub`, as processes, against a server that is one too.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PubSubIT {

    private static final Map<String, String> PLAIN_LOCALE = Map.of("LC_ALL", "C", "LANG", "C");

    private int port;
    private String url = "";
    private String flatUrl = "";

    @SuppressWarnings("NullAway.Init") // set before every test
    private Command server;

    @BeforeAll
    void start() throws Exception {
        server = Command.fanfare("serve", "--port", "0", "--flat-port", "0", "--history", "100", "--log-level", "warn");
        port = Integer.parseInt(server.lineWith("WebSocket").replaceFirst(".*:(\\d+)/ws", "$1"));
        url = "http://127.0.0.1:" + port;
        flatUrl = server.lineWith("flat").replaceFirst(".*(http://[0-9.:]+).*", "$1");
    }

    @AfterAll
    void stop() throws Exception {
        server.signal("TERM");
        assertThat(server.exitCode()).isZero();
        server.close();
    }

    @Test
    void linesArriveWhateverTheLocale() throws Exception {
        try (Command pub = plain("pub", "grüße", "--create", "--url", url)) {
            pub.input("Grüße, 世界 \uD83C\uDF89\r\n\nlast line without end").endInput();
            assertThat(pub.exitCode()).as("%s", pub.complaints()).isZero();
            assertThat(pub.complaints()).isEmpty();
        }
        try (Command sub = plain("sub", "grüße", "--last", "5", "--count", "3", "--url", url)) {
            assertThat(sub.exitCode()).isZero();
            assertThat(sub.output()).containsExactly("Grüße, 世界 \uD83C\uDF89", "", "last line without end");
            assertThat(sub.complaints()).isEmpty();
        }
    }

    @Test
    void aGroupGoesOnBehindWhatWasPrinted() throws Exception {
        try (Command pub = Command.fanfare("pub", "shared", "--create", "--url", url)) {
            pub.input("one\ntwo\nthree\n").endInput();
            assertThat(pub.exitCode()).as("%s", pub.complaints()).isZero();
        }
        try (Command sub =
                Command.fanfare("sub", "shared", "--group=g", "--from=earliest", "--count=2", "--url", url)) {
            assertThat(sub.exitCode()).isZero();
            assertThat(sub.output()).containsExactly("one", "two");
        }
        try (Command sub =
                Command.fanfare("sub", "shared", "--group=g", "--from=earliest", "--count=1", "--url", url)) {
            assertThat(sub.exitCode()).isZero();
            assertThat(sub.output()).containsExactly("three");
        }
    }

    @Test
    void whatIsPublishedNowIsPrintedNow() throws Exception {
        try (Command pub = Command.fanfare("pub", "now", "--create", "--url", url);
                Command sub = Command.fanfare("sub", "now", "--create", "--from", "earliest", "--url", url)) {
            pub.input("one\n");
            assertThat(sub.line()).isEqualTo("one");
            pub.input("two\n");
            assertThat(sub.line()).isEqualTo("two");
            pub.endInput();
            assertThat(pub.exitCode()).isZero();
        }
    }

    @Test
    void jsonStaysAsWrittenAndABadLineIsNamed() throws Exception {
        try (Command pub = Command.fanfare("pub", "json.a", "--json", "--create", "--url", url)) {
            pub.input("{\"n\": 1.0e400}\n\n\"text\"\n{oops}\n1 2\n[]\n").endInput();
            assertThat(pub.exitCode()).isEqualTo(1);
            assertThat(pub.complaints()).hasSize(2);
            assertThat(pub.complaints().getFirst()).contains("line 4 ", "not JSON", "column 2");
            assertThat(pub.complaints().getLast()).contains("line 5 ", "more than one value");
        }
        try (Command sub = Command.fanfare("sub", "json.*", "--from=earliest", "--count=3", "--url", url)) {
            assertThat(sub.exitCode()).isZero();
            assertThat(sub.output()).containsExactly("json.a: {\"n\": 1.0e400}", "json.a: text", "json.a: []");
        }
        try (Command sub = Command.fanfare("sub", "json.a", "--last", "1", "--count", "1", "--json", "--url", url)) {
            assertThat(sub.line())
                    .startsWith("{\"type\":\"event\",\"topic\":\"json.a\",\"message\":{\"id\":")
                    .contains("\"payload\":[]}")
                    .endsWith("\"offset\":2}");
        }
    }

    @Test
    void inputThatIsNotUtf8IsSaidOnceAndNoJson() throws Exception {
        byte[] latin = "plain\ncaf\u00e9\nma\u00f1ana\n".getBytes(StandardCharsets.ISO_8859_1);
        try (Command pub = Command.fanfare("pub", "latin", "--create", "--url", url)) {
            pub.input(latin).endInput();
            assertThat(pub.exitCode()).isZero();
            assertThat(pub.complaints()).singleElement().asString().contains("line 2 is not UTF-8", "U+FFFD");
        }
        byte[] latinJson = "1\n\"caf\u00e9\"\n".getBytes(StandardCharsets.ISO_8859_1);
        try (Command pub = Command.fanfare("pub", "latin", "--json", "--url", url)) {
            pub.input(latinJson).endInput();
            assertThat(pub.exitCode()).isEqualTo(1);
            assertThat(pub.complaints()).singleElement().asString().contains("line 2 was not published", "not UTF-8");
        }
        try (Command sub = Command.fanfare("sub", "latin", "--from=earliest", "--count=4", "--url", url)) {
            assertThat(sub.exitCode()).isZero();
            assertThat(sub.output()).containsExactly("plain", "caf\uFFFD", "ma\uFFFDana", "1");
        }
    }

    @Test
    void onlyWhatIsWantedIsPrinted() throws Exception {
        try (Command pub = Command.fanfare("pub", "choice.a", "--json", "--create", "--url", url)) {
            pub.input("{\"n\":1}\n{\"n\":20}\n\"text\"\n{\"n\":30}\n").endInput();
            assertThat(pub.exitCode()).isZero();
        }
        HttpRequest typed = HttpRequest.newBuilder(URI.create(url + "/topics/choice.a/messages"))
                .POST(HttpRequest.BodyPublishers.ofString("[{\"type\":\"a\",\"payload\":{\"n\":40}},"
                        + "{\"type\":\"b\",\"payload\":{\"n\":5}},{\"type\":\"c\",\"payload\":{\"n\":50}}]"))
                .build();
        try (HttpClient http = HttpClient.newHttpClient()) {
            assertThat(http.send(typed, HttpResponse.BodyHandlers.ofString()).statusCode())
                    .isEqualTo(200);
        }
        String[] wanted = {"sub", "choice.*", "--from=earliest", "--url", url, "--filter", "message.payload.n > 10"};
        try (Command sub = Command.fanfare(with(wanted, "--count=4"))) {
            assertThat(sub.exitCode()).isZero();
            assertThat(sub.output())
                    .containsExactly(
                            "choice.a: {\"n\":20}",
                            "choice.a: {\"n\":30}",
                            "choice.a: {\"n\":40}",
                            "choice.a: {\"n\":50}");
        }
        try (Command sub = Command.fanfare(with(wanted, "--count=1", "--type=b", "--type", "c"))) {
            assertThat(sub.exitCode()).isZero();
            assertThat(sub.output()).containsExactly("choice.a: {\"n\":50}");
        }
    }

    private static String[] with(String[] arguments, String... more) {
        return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new);
    }

    @Test
    void anExpressionThatIsWrongIsOneLineThatSaysWhere() throws Exception {
        try (Command sub = Command.fanfare("sub", "wrong.*", "--filter", "message.payload.n >", "--url", url)) {
            assertThat(sub.exitCode()).isEqualTo(2);
            assertThat(sub.output()).isEmpty();
            assertThat(sub.complaints())
                    .singleElement()
                    .asString()
                    .startsWith("fanfare sub: filter, line 1, column 20: mismatched input");
        }
    }

    @Test
    void anUnknownTopicNamesTheWayOut() throws Exception {
        try (Command pub = Command.fanfare("pub", "nowhere", "--url", "ws://127.0.0.1:" + port + "/ws")) {
            // Its input stays open: it ends by itself.
            pub.input("x\n");
            assertThat(pub.exitCode()).isEqualTo(1);
            assertThat(pub.complaints()).singleElement().asString().contains("nowhere", "does not exist", "--create");
        }
        try (Command sub = Command.fanfare("sub", "nowhere", "--url", url)) {
            assertThat(sub.exitCode()).isEqualTo(1);
            assertThat(sub.complaints()).singleElement().asString().contains("nowhere", "does not exist", "--create");
        }
    }

    @Test
    void thePortOfTheFlatDialectIsNamed() throws Exception {
        try (Command pub = Command.fanfare("pub", "mixed-up", "--create", "--url", flatUrl);
                Command sub = Command.fanfare("sub", "mixed-up", "--create", "--url", flatUrl)) {
            // Its input stays open: it ends by itself.
            pub.input("x\n");
            assertThat(pub.exitCode()).isEqualTo(1);
            assertThat(pub.complaints()).singleElement().asString().contains("flat dialect", "standard dialect");
            assertThat(sub.exitCode()).isEqualTo(1);
            assertThat(sub.complaints()).singleElement().asString().contains("flat dialect", "standard dialect");
        }
    }

    @Test
    void nothingIsAlsoAnInput() throws Exception {
        try (Command pub = Command.fanfare("pub", "empty", "--create", "--url", url)) {
            pub.endInput();
            assertThat(pub.exitCode()).isZero();
            assertThat(pub.complaints()).isEmpty();
        }
    }

    @Test
    void aServerThatIsNotThereIsOneLine() throws Exception {
        try (Command sub = Command.fanfare("sub", "x", "--url", "http://127.0.0.1:1")) {
            assertThat(sub.exitCode()).isEqualTo(1);
            assertThat(sub.complaints())
                    .singleElement()
                    .asString()
                    .contains("can't connect to ws://127.0.0.1:1/ws", "does a server run there?");
        }
    }

    @Test
    void endsQuietlyWhenNobodyReadsItsOutput() throws Exception {
        String script = "{ '" + Command.launcher() + "' sub pipe --create --from earliest --url " + url
                + "; echo exit code $? >&2; } | head -n 1";
        try (Command pub = Command.fanfare("pub", "pipe", "--create", "--url", url);
                Command sub = Command.start(Path.of("/bin/sh"), new File("."), Map.of(), "-c", script)) {
            pub.input("one\n");
            assertThat(sub.line()).isEqualTo("one");
            // It notices with the first message that comes after head has ended.
            for (int i = 0; i < 100 && !sub.endsWithin(Duration.ofMillis(200)); i++) {
                pub.input("more\n");
            }
            assertThat(sub.exitCode()).isZero();
            assertThat(sub.complaints()).containsExactly("exit code 0");
        }
    }

    @Test
    void subscribersResumeWithoutGapOrRepetition() throws Exception {
        try (Line line = new Line(port);
                Command pub = Command.fanfare("pub", "resume", "--create", "--url", url);
                Command sub = Command.fanfare("sub", "resume", "--create", "--from=earliest", "--url", line.url())) {
            pub.input(numbers(0, 100));
            assertThat(sub.lines(100)).isEqualTo(list(0, 100));
            line.cut();
            sub.complaintWith("connection lost");
            pub.input(numbers(100, 180));
            line.mend();
            assertThat(sub.lines(80)).isEqualTo(list(100, 180));
            assertThat(sub.complaintWith("resumed")).contains("nothing was missed");
            pub.input(numbers(180, 200)).endInput();
            assertThat(sub.lines(20)).isEqualTo(list(180, 200));
        }
    }

    @Test
    void aGapLargerThanTheHistoryIsSaid() throws Exception {
        try (Line line = new Line(port);
                Command first = Command.fanfare("pub", "gap", "--create", "--url", url);
                Command sub = Command.fanfare("sub", "gap", "--create", "--from=earliest", "--url", line.url())) {
            first.input("0\n").endInput();
            assertThat(sub.line()).isEqualTo("0");
            assertThat(first.exitCode()).isZero();
            line.cut();
            sub.complaintWith("connection lost");
            try (Command second = Command.fanfare("pub", "gap", "--url", url)) {
                second.input(numbers(1, 151)).endInput();
                assertThat(second.exitCode()).isZero();
            }
            line.mend();
            assertThat(sub.complaintWith("resumed")).contains("50 messages were missed");
            assertThat(sub.lines(100)).isEqualTo(list(51, 151));
        }
    }

    @Test
    void aServerThatForgotTheTopicGetsItAgain() throws Exception {
        try (Command first = Command.fanfare("serve", "--port", "0", "--log-level", "warn")) {
            int oldPort = Integer.parseInt(first.lineWith("WebSocket").replaceFirst(".*:(\\d+)/ws", "$1"));
            try (Line line = new Line(oldPort);
                    Command sub = Command.fanfare("sub", "again", "--create", "--from=earliest", "--url", line.url())) {
                try (Command pub = Command.fanfare("pub", "again", "--create", "--url", line.url())) {
                    pub.input("before\n").endInput();
                    assertThat(pub.exitCode()).isZero();
                }
                sub.lineWith("before");
                line.cut();
                sub.complaintWith("connection lost");
                // Another server, as one that was restarted is.
                line.leadTo(port);
                line.mend();
                sub.complaintWith("topic again was gone, made it again");
                assertThat(sub.complaintWith("resumed")).contains("topic again was made anew");
                try (Command pub = Command.fanfare("pub", "again", "--url", url)) {
                    pub.input("after\n").endInput();
                    assertThat(pub.exitCode()).isZero();
                }
                sub.lineWith("after");
            }
        }
    }

    @Test
    void publishersLoseNoLineToABrokenConnection() throws Exception {
        try (Line line = new Line(port);
                Command sub = Command.fanfare("sub", "lossless", "--create", "--from=earliest", "--url", url);
                Command pub = Command.fanfare("pub", "lossless", "--create", "--url", line.url())) {
            pub.input(numbers(0, 1));
            List<String> heard = new ArrayList<>(sub.lines(1));
            pub.input(numbers(1, 2_000));
            heard.addAll(sub.lines(100));
            line.cut();
            pub.complaintWith("connection lost");
            pub.input(numbers(2_000, 2_100)).endInput();
            line.mend();
            assertThat(pub.exitCode()).isZero();
            assertThat(pub.complaintWith("reconnected")).contains("again");
            while (!heard.getLast().equals("2099")) {
                heard.add(sub.line());
            }
            // What was not acknowledged was sent again, so a stretch of lines may be there twice: none is missing.
            assertThat(heard.stream().distinct().toList()).isEqualTo(list(0, 2_100));
        }
    }

    private static Command plain(String... arguments) throws Exception {
        return Command.start(Command.launcher(), new File("."), PLAIN_LOCALE, arguments);
    }

    private static String numbers(int from, int to) {
        return list(from, to).stream().map(number -> number + "\n").collect(Collectors.joining());
    }

    private static List<String> list(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toList();
    }
}
