package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.cli.docs.Chromium;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Swagger UI and Redoc in a browser, on both listeners: they show every operation of the OpenAPI document, and load
/// nothing that is not this server's.
@Tag("browser")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DocumentPagesIT {

    private static final JsonMapper JSON = JsonMapper.shared();

    private Command server;
    private String standard;
    private String flat;

    @BeforeAll
    void serve() throws Exception {
        server = Command.fanfare("serve", "--port", "0", "--flat-port", "0");
        standard = server.lineWith("WebSocket").replaceFirst("^.*ws://(\\S+)/ws.*$", "http://$1");
        flat = server.lineWith("flat").replaceFirst("^.*?ws://([^,\\s]+)/ws.*$", "http://$1");
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"standard", "flat"})
    void swaggerUiShowsEveryOperation(String dialect) throws Exception {
        String address = dialect.equals("flat") ? flat : standard;
        try (Chromium page = Chromium.open(address + "/docs")) {
            List<Operation> operations = operations(address);
            page.await("document.querySelectorAll('.opblock').length === " + operations.size());
            for (Operation operation : operations) {
                page.await("!!document.querySelector(" + text(operation.swagger()) + ")");
            }
            // One of them opened shows what it answers.
            page.evaluate("document.querySelector(" + text(operations.getFirst().swagger()) + ").click()");
            page.await("document.querySelectorAll('.opblock.is-open .responses-table .response').length > 0");
            assertLoadedFromHereOnly(page, address);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"standard", "flat"})
    void redocShowsEveryOperation(String dialect) throws Exception {
        String address = dialect.equals("flat") ? flat : standard;
        try (Chromium page = Chromium.open(address + "/redoc")) {
            for (Operation operation : operations(address)) {
                page.await("Array.from(document.querySelectorAll('button .http-verb')).some(verb => "
                        + "verb.innerText.toLowerCase() === " + text(operation.method())
                        + " && verb.parentNode.innerText.trim().endsWith(" + text(operation.path()) + "))");
                page.await("document.body.innerText.includes(" + text(operation.summary()) + ")");
            }
            assertLoadedFromHereOnly(page, address);
        }
    }

    private static void assertLoadedFromHereOnly(Chromium page, String address) {
        assertThat(page.requests()).contains(address + "/openapi.json");
        assertThat(page.requests())
                .allMatch(url ->
                        url.startsWith(address + "/") || url.startsWith("data:") || url.startsWith("blob:" + address));
        assertThat(page.errors()).isEmpty();
    }

    /// What the page has to show.
    private record Operation(String method, String path, String summary) {

        /// The heading of the operation in Swagger UI.
        String swagger() {
            return ".opblock-" + method + " [data-path='" + path + "']";
        }
    }

    private static List<Operation> operations(String address) throws Exception {
        List<Operation> operations = new ArrayList<>();
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(address + "/openapi.json"))
                    .build();
            JsonNode document = JSON.readTree(
                    http.send(request, HttpResponse.BodyHandlers.ofString()).body());
            document.path("paths")
                    .properties()
                    .forEach(path -> path.getValue().properties().forEach(member -> {
                        if (member.getValue().has("responses")) {
                            operations.add(new Operation(
                                    member.getKey(),
                                    path.getKey(),
                                    member.getValue().path("summary").asString()));
                        }
                    }));
        }
        assertThat(operations).hasSizeGreaterThan(5);
        return operations;
    }

    /// A text as JavaScript writes it.
    private static String text(String text) {
        return JSON.writeValueAsString(text);
    }
}
