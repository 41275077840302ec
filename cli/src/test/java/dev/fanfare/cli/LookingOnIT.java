package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `fanfare top`, `tap`, `trace` and `completion`, as processes; `top` on a pseudo-terminal.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LookingOnIT {

    private Command serve;
    private String url = "";

    @BeforeAll
    void start() throws Exception {
        serve = Command.fanfare("serve", "--port=0", "--memory=256MiB");
        url = "--url=" + serve.lineWith("REST").replaceFirst(".*(http://.*)", "$1");
    }

    @AfterAll
    void stop() {
        serve.close();
    }

    private static List<String> run(int exitCode, String... arguments) throws Exception {
        try (Command command = Command.fanfare(arguments)) {
            assertThat(command.exitCode()).as("%s", command.complaints()).isEqualTo(exitCode);
            return exitCode == 0 ? command.output() : command.complaints();
        }
    }

    private void publish(String topic, String lines) throws Exception {
        try (Command pub = Command.fanfare("pub", topic, "--create", "--json", url)) {
            pub.input(lines).endInput();
            assertThat(pub.exitCode()).as("%s", pub.complaints()).isZero();
        }
    }

    @Test
    void aTapShowsWhatIsWantedInOneLineEach() throws Exception {
        publish("tapped.a", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
        assertThat(run(0, "tap", "tapped.*", "--last=9", "--count=2", "--filter=message.payload.n > 1", url))
                .hasSize(2)
                .first()
                .asString()
                .matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} tapped\\.a @1 [0-9a-f-]{36} \\{\"n\":2}");
        assertThat(run(0, "tap", "tapped.*", "--last=1", "--count=1", "--no-payload", url))
                .singleElement()
                .asString()
                .matches(".* tapped\\.a @2 [0-9a-f-]{36}");
        assertThat(run(0, "tap", "tapped.*", "--last=1", "--count=1", "--json", url))
                .singleElement()
                .asString()
                .startsWith("{\"type\":\"event\",\"topic\":\"tapped.a\"");
        assertThat(run(2, "tap", "x", "--filter=message.payload.n >", url))
                .singleElement()
                .asString()
                .contains("filter, line 1");
        assertThat(run(1, "tap", "--url=http://127.0.0.1:1"))
                .singleElement()
                .asString()
                .contains("can't connect");
    }

    @Test
    void aTraceSaysWhereAMessageIsAndWhatItDoesNotKnow() throws Exception {
        publish("traced", "1\n");
        String event =
                run(0, "tap", "traced", "--last=1", "--count=1", "--json", url).getFirst();
        String id = event.replaceFirst(".*\"id\":\"([^\"]*)\".*", "$1");
        assertThat(run(0, "trace", id, url)).singleElement().asString().matches("\\S+ +stored +traced @0");
        assertThat(run(0, "trace", id, "--topic=traced", "--json", url))
                .singleElement()
                .asString()
                .contains("\"stored\":[{\"topic\":\"traced\",\"offset\":0,", "\"complete\":true");
        assertThat(run(1, "trace", "unheard-of", url))
                .singleElement()
                .asString()
                .contains("nothing is known", "--watch");
        assertThat(run(1, "trace", id, "--topic=nowhere", url))
                .singleElement()
                .asString()
                .contains("(404)");
    }

    @Test
    void topPrintsATableOrAnObject() throws Exception {
        publish("topped", "1\n2\n");
        List<String> table = run(0, "top", "--once", "--prefix=topped", url);
        assertThat(table.getFirst()).contains("topics", "published/s");
        assertThat(table.get(1)).startsWith("TOPIC ").endsWith("MESSAGES");
        assertThat(table.get(2)).matches("topped +0 +0 +0 +0 +0 +2");
        assertThat(run(0, "top", "--once", "--json", "--prefix=topped", url))
                .singleElement()
                .asString()
                .contains("\"busiest\":[{\"topic\":\"topped\",\"published_per_sec\":0");
        assertThat(run(1, "top", "--url=http://127.0.0.1:1"))
                .singleElement()
                .asString()
                .contains("does a server run there?");
        assertThat(run(2, "top", "--sort=beauty", url))
                .singleElement()
                .asString()
                .contains("beauty");
    }

    /// Ctrl-C is a key like q.
    @ParameterizedTest
    @ValueSource(strings = {"q", "\u0003"})
    void topOnATerminalRestoresItAtItsEnd(String key) throws Exception {
        publish("shown", "1\n");
        String top = "stty rows 12 cols 70; '" + Command.launcher() + "' top --sort=name " + url
                + "; code=$?; stty -a; echo code $code";
        try (Command script =
                Command.start(Path.of("script"), new File("."), Map.of("TERM", "xterm"), "-qec", top, "/dev/null")) {
            String row = script.lineWith("shown ");
            assertThat(row.replaceAll("\u001b\\[[0-9;?]*[A-Za-z]", "").strip()).hasSizeLessThanOrEqualTo(70);
            script.input(key);
            // Back on the usual screen, with echo and lines.
            assertThat(script.lineWith("\u001b[?1049l")).isNotNull();
            assertThat(script.lineWith("icanon")).contains(" icanon").doesNotContain("-icanon");
            assertThat(script.lineWith("code ")).contains("code 0");
            assertThat(script.exitCode()).isZero();
        }
    }

    @Test
    void topSaysThatTheServerIsGoneAndComesBack() throws Exception {
        try (Command first = Command.fanfare("serve", "--port=0", "--memory=256MiB")) {
            String port = first.lineWith("WebSocket").replaceFirst(".*:(\\d+)/ws.*", "$1");
            try (Command top = Command.fanfare("top", "--json", "--url=http://127.0.0.1:" + port)) {
                top.lineWith("\"busiest\"");
                first.signal("TERM");
                assertThat(first.exitCode()).isZero();
                top.complaintWith("does a server run there? Trying again.");
                try (Command second = Command.fanfare("serve", "--port=" + port, "--memory=256MiB")) {
                    second.lineWith("REST");
                    run(0, "topics", "create", "back", "--url=http://127.0.0.1:" + port);
                    top.lineWith("\"topic\":\"back\"");
                }
            }
        }
    }

    @Test
    void bashCompletesCommandsAndOptions() throws Exception {
        String script = "source <('" + Command.launcher() + "' completion bash)"
                + "; COMP_WORDS=(./fanfare su); COMP_CWORD=1; _complete_fanfare; echo ${COMPREPLY[@]}"
                + "; COMP_WORDS=(./fanfare topics --pre); COMP_CWORD=2; _complete_fanfare; echo ${COMPREPLY[@]}"
                + "; complete -p fanfare";
        try (Command bash = Command.start(Path.of("bash"), new File("."), Map.of(), "-c", script)) {
            assertThat(bash.exitCode()).as("%s", bash.complaints()).isZero();
            assertThat(bash.line().split(" ", -1)).contains("sub", "subscriptions");
            assertThat(bash.line()).startsWith("--prefix");
            assertThat(bash.line()).contains("-F _complete_fanfare");
        }
        List<String> zsh = run(0, "completion", "zsh");
        assertThat(zsh.getFirst()).contains("compinit");
        assertThat(zsh).anyMatch(line -> line.contains("bashcompinit"));
        assertThat(run(2, "completion", "fish")).singleElement().asString().contains("bash or zsh");
    }
}
