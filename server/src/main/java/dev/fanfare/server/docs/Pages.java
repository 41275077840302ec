package dev.fanfare.server.docs;

import dev.fanfare.server.Dialect;
import dev.fanfare.server.Version;
import dev.fanfare.server.rest.Answer;
import dev.fanfare.server.rest.Endpoint;
import dev.fanfare.server.rest.Need;
import dev.fanfare.server.rest.Route;
import java.util.List;
import java.util.Locale;

/// The pages of a listener and the files they need.
public final class Pages {

    private static final String OWN = "/dev/fanfare/server/docs/";
    private static final String SWAGGER = "/META-INF/resources/webjars/swagger-ui/5.34.1/";
    private static final String REDOC = "/META-INF/resources/webjars/redoc/2.1.4/bundles/";
    private static final String HTML = "text/html; charset=utf-8";
    private static final String CSS = "text/css; charset=utf-8";
    private static final String SCRIPT = "text/javascript; charset=utf-8";
    private static final String SVG = "image/svg+xml";

    /// An image that Redoc would load from its makers.
    private static final String OUTSIDE_LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg";

    /// Nothing from anywhere else. Swagger UI and Redoc make style sheets as they run, and Redoc a worker for its
    /// search.
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
            + " img-src 'self' data:; connect-src 'self'; font-src 'self'; worker-src 'self' blob:;"
            + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private Pages() {}

    /// The pages of a dialect's listener.
    public static List<Route> of(Dialect dialect) {
        String name = dialect.name().toLowerCase(Locale.ROOT);
        return List.of(
                page("/", "index-" + name + ".html"),
                page("/docs", "docs.html"),
                page("/redoc", "redoc.html"),
                file(
                        "/openapi.json",
                        Asset.of(OWN + "openapi-" + name + ".json", Answer.JSON)
                                .replacing("{version}", Version.text())),
                file("/favicon.ico", Asset.of(OWN + "icon.svg", SVG)),
                own("page.css", CSS),
                own("docs.js", SCRIPT),
                own("icon.svg", SVG),
                file("/assets/swagger-ui.css", Asset.of(SWAGGER + "swagger-ui.css", CSS)),
                file("/assets/swagger-ui-bundle.js", Asset.of(SWAGGER + "swagger-ui-bundle.js", SCRIPT)),
                file(
                        "/assets/redoc.standalone.js",
                        Asset.of(REDOC + "redoc.standalone.js", SCRIPT).replacing(OUTSIDE_LOGO, "/assets/icon.svg")));
    }

    private static Route own(String file, String contentType) {
        return file("/assets/" + file, Asset.of(OWN + file, contentType));
    }

    private static Route file(String path, Asset asset) {
        return new Route("GET", path, Need.NOTHING, asset);
    }

    private static Route page(String path, String file) {
        Asset asset = Asset.of(OWN + file, HTML);
        return new Route("GET", path, Need.NOTHING, (Endpoint.Slow) call -> asset.answer(call)
                .with("Content-Security-Policy", POLICY)
                .with("Referrer-Policy", "no-referrer")
                .with("X-Frame-Options", "DENY"));
    }
}
