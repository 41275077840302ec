package dev.fanfare.server.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.RunningServer;
import dev.fanfare.server.RunningServer.Answered;
import java.net.URI;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PagesTest {

    private static final Pattern LOADED =
            Pattern.compile("(?:src|href|spec-url|url|action)\\s*[=:(]\\s*[\"']?([^\"')\\s>]+)");

    private static RunningServer running;

    @BeforeAll
    static void start() {
        running = RunningServer.with();
    }

    @AfterAll
    static void stop() {
        running.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/docs", "/redoc"})
    void pagesAndWhatTheyLoadComeFromThisServer(String path) throws Exception {
        Answered page = running.get(path);

        assertThat(page.status()).isEqualTo(200);
        assertThat(page.header("Content-Type")).isEqualTo("text/html; charset=utf-8");
        assertThat(page.header("Content-Security-Policy")).contains("default-src 'none'");
        assertThat(page.body()).doesNotContain("<script>").doesNotContain(" style=");
        assertThat(running.flat("GET", path, "").status()).isEqualTo(200);
        Set<String> loaded = loaded(page.body());
        assertThat(loaded).isNotEmpty();
        for (String url : loaded) {
            assertThat(url).as("loaded by %s", path).doesNotStartWith("//").doesNotContain("://");
            if (!url.startsWith("#")) {
                String absolute = URI.create(path).resolve(url).toString();
                assertThat(running.get(absolute).status()).as(absolute).isEqualTo(200);
            }
        }
    }

    private static Set<String> loaded(String html) {
        Set<String> urls = new HashSet<>();
        Matcher matcher = LOADED.matcher(html);
        while (matcher.find()) {
            urls.add(matcher.group(1));
        }
        return urls;
    }

    @Test
    void theDashboardHasNothingInlineAndWorksBehindAPrefix() throws Exception {
        Answered page = running.get("/");

        assertThat(page.header("Content-Security-Policy"))
                .contains("script-src 'self'", "style-src 'self'")
                .doesNotContain("unsafe");
        assertThat(page.header("Set-Cookie")).isEmpty();
        assertThat(loaded(page.body())).contains("assets/dashboard/app.js").noneMatch(url -> url.startsWith("/"));
        Matcher imports = Pattern.compile("from \"(\\./[a-z]+\\.js)\"")
                .matcher(running.get("/assets/dashboard/app.js").body());
        assertThat(imports.find()).isTrue();
        do {
            assertThat(running.get("/assets/dashboard/" + imports.group(1).substring(2))
                            .status())
                    .isEqualTo(200);
        } while (imports.find());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/assets/page.css", "/assets/swagger-ui.css", "/assets/dashboard/dashboard.css"})
    void styleSheetsLoadNothingFromElsewhere(String path) throws Exception {
        String css = running.get(path).body();

        assertThat(css).doesNotContain("@import");
        Matcher urls = Pattern.compile("url\\(\\s*[\"']?(.{0,12})").matcher(css);
        while (urls.find()) {
            assertThat(urls.group(1)).startsWith("data:");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/assets/docs.js", "/assets/swagger-ui-bundle.js", "/assets/redoc.standalone.js"})
    void scriptsLoadNothingFromElsewhere(String path) throws Exception {
        String script = running.get(path).body();

        // Addresses in comments, error texts and links that a person may follow are no loads; these would be.
        assertThat(script)
                .doesNotContainPattern("src\\s*[:=]\\s*[\"'`]https?://")
                .doesNotContainPattern("(?:fetch|import|importScripts)\\(\\s*[\"'`]https?://")
                .doesNotContainPattern("url\\(\\s*[\"'`]?https?://")
                .doesNotContain("https://cdn.")
                .doesNotContain("fonts.googleapis.com")
                .doesNotContain("unpkg.com");
    }

    @Test
    void theValidatorOnTheInternetIsOff() throws Exception {
        assertThat(running.get("/assets/docs.js").body()).contains("validatorUrl: null");
    }

    @Test
    void filesAreNotSentAgainToWhoHasThem() throws Exception {
        Answered first = running.get("/assets/swagger-ui.css");
        Answered again = running.get("/assets/swagger-ui.css", "If-None-Match", first.header("ETag"));
        Answered other = running.get("/assets/swagger-ui.css", "If-None-Match", "\"other\"");

        assertThat(first.header("ETag")).matches("\"[0-9a-f]+\"");
        assertThat(first.header("Cache-Control")).isEqualTo("no-cache");
        assertThat(again.status()).isEqualTo(304);
        assertThat(again.body()).isEmpty();
        assertThat(other.status()).isEqualTo(200);
    }

    @Test
    void eachDialectHasItsOwnDocumentOfThisVersion() throws Exception {
        Answered standard = running.get("/openapi.json");
        Answered flat = running.flat("GET", "/openapi.json", "");

        assertThat(standard.json().path("openapi").asString()).startsWith("3.1");
        assertThat(standard.json().path("info").path("version").asString()).isEqualTo(FanfareServer.version());
        assertThat(flat.body()).isNotEqualTo(standard.body());
    }
}
