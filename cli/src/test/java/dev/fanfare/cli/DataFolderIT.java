package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `fanfare serve --data`, as a process: what outlives it, and what keeps it from starting.
class DataFolderIT {

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    private Path folder;

    private Command serve() throws Exception {
        return Command.fanfare(
                "serve",
                "--port=0",
                "--memory=256MiB",
                "--data=" + folder,
                "--durable=orders.**",
                "--auto-create-topics");
    }

    private static String url(Command serve) throws Exception {
        return serve.lineWith("REST").replaceFirst(".*(http://.*)", "$1");
    }

    private static String call(String method, String url, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    @Test
    void whatWasAcknowledgedIsThereAfterTheProcessWasKilled() throws Exception {
        String before;
        try (Command serve = serve()) {
            String url = url(serve);
            assertThat(serve.lineWith("data")).contains(folder.toString(), "orders.**");
            call("POST", url + "/topics/orders.eu/messages", "[{\"payload\":1},{\"payload\":2}]");
            call("POST", url + "/topics/gone/messages", "{\"payload\":3}");
            before = call("GET", url + "/topics/orders.eu/messages", "");
            assertThat(before).contains("\"next\":2");
            serve.signal("KILL");
            serve.exitCode();
        }
        try (Command serve = serve()) {
            String url = url(serve);
            assertThat(call("GET", url + "/topics/orders.eu/messages", "")).isEqualTo(before);
            assertThat(call("GET", url + "/topics", "")).contains("orders.eu").doesNotContain("gone");
        }
    }

    @Test
    void aFolderThatIsInUseIsOneLineAndSoIsOneThatHoldsSomethingElse() throws Exception {
        try (Command first = serve()) {
            url(first);
            try (Command second = serve()) {
                assertThat(second.exitCode()).isEqualTo(1);
                assertThat(second.complaints()).singleElement().asString().contains("is in use by process");
            }
        }
        Path strange = Files.createDirectory(folder.resolve("strange"));
        Files.writeString(strange.resolve("letter.txt"), "hello");
        try (Command serve = Command.fanfare("serve", "--port=0", "--data=" + strange)) {
            assertThat(serve.exitCode()).isEqualTo(1);
            assertThat(serve.complaints()).singleElement().asString().contains("letter.txt");
        }
    }

    @Test
    void durableTopicsNeedAFolder() throws Exception {
        try (Command serve = Command.fanfare("serve", "--port=0", "--durable=orders.**")) {
            assertThat(serve.exitCode()).isEqualTo(2);
            assertThat(serve.complaints()).singleElement().asString().contains("set data to a folder");
        }
    }
}
