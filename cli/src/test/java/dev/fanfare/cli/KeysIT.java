package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `fanfare keys` and a server that asks for them, as processes.
class KeysIT {

    @TempDir
    private Path folder;

    private String keys() {
        return "--keys=" + folder.resolve("keys.yaml");
    }

    private List<String> run(int exitCode, String... arguments) throws Exception {
        try (Command command = Command.fanfare(arguments)) {
            assertThat(command.exitCode()).as("%s", command.complaints()).isEqualTo(exitCode);
            return exitCode == 0 ? command.output() : command.complaints();
        }
    }

    @Test
    void aKeyLetsInAndARevokedOneDoesNot() throws Exception {
        String key = run(0, "keys", "create", "me", keys()).getFirst();
        assertThat(key).startsWith("ff_").hasSize(46);
        assertThat(Files.readString(folder.resolve("keys.yaml"))).doesNotContain(key);
        run(0, "keys", "create", "other", "--role=reader", keys());
        assertThat(run(0, "keys", "list", keys())).hasSize(3).anyMatch(line -> line.contains("reader"));
        try (Command serve = Command.fanfare("serve", "--port=0", "--memory=256MiB", keys())) {
            String url = "--url=" + serve.lineWith("REST").replaceFirst(".*(http://.*)", "$1");
            assertThat(run(1, "sub", "t", url)).singleElement().asString().contains("does not let this client in");
            assertThat(run(1, "dead-letters", "list", "--topic=t", url))
                    .singleElement()
                    .asString()
                    .contains("401");
            try (Command pub = Command.fanfare("pub", "t", "--create", url, "--api-key=" + key)) {
                pub.input("hello\n").endInput();
                assertThat(pub.exitCode()).as("%s", pub.complaints()).isZero();
            }
            assertThat(run(0, "sub", "t", "--last=1", "--count=1", url, "--api-key=" + key))
                    .containsExactly("hello");
            run(0, "keys", "revoke", "me", keys());
            // The server hears of it within 5 s.
            int exitCode = 0;
            while (exitCode == 0) {
                try (Command sub = Command.fanfare("sub", "t", "--last=1", "--count=1", url, "--api-key=" + key)) {
                    exitCode = sub.exitCode();
                }
            }
            assertThat(exitCode).isEqualTo(1);
        }
    }

    @Test
    void whatIsWrongIsOneLine() throws Exception {
        assertThat(run(1, "keys", "list", keys())).singleElement().asString().contains("does not exist");
        assertThat(run(1, "keys", "create", "no good", keys()))
                .singleElement()
                .asString()
                .contains("letters");
        assertThat(run(2, "keys", "create", keys())).singleElement().asString().contains("NAME");
        assertThat(run(2, "keys")).singleElement().asString().contains("command is missing");
        assertThat(run(2, "serve", "--port=0", keys())).last().asString().contains("does not exist");
    }
}
