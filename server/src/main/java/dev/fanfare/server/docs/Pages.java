package dev.fanfare.server.docs;

import dev.fanfare.server.Dialect;
import dev.fanfare.server.Version;
import dev.fanfare.server.rest.Answer;
import dev.fanfare.server.rest.Endpoint;
import dev.fanfare.server.rest.Need;
import dev.fanfare.server.rest.Route;
import java.util.ArrayList;
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

    /// Scripts and style sheets of its own files only, none in the page.
    private static final String DASHBOARD_POLICY = "default-src 'none'; script-src 'self'; style-src 'self';"
            + " img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static final String DASHBOARD = "/dev/fanfare/server/dashboard/";
    private static final List<String> MODULES = List.of(
            "theme.js",
            "app.js",
            "api.js",
            "dom.js",
            "chart.js",
            "stream.js",
            "login.js",
            "overview.js",
            "topics.js",
            "topic.js",
            "pressure.js",
            "groups.js",
            "letters.js",
            "tail.js",
            "tryit.js");

    private Pages() {}

    /// The pages of a dialect's listener.
    public static List<Route> of(Dialect dialect) {
        String name = dialect.name().toLowerCase(Locale.ROOT);
        List<Route> routes =
                new ArrayList<>(dialect == Dialect.STANDARD ? dashboard() : List.of(page("/", "index-flat.html")));
        routes.addAll(List.of(
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
                        Asset.of(REDOC + "redoc.standalone.js", SCRIPT).replacing(OUTSIDE_LOGO, "/assets/icon.svg"))));
        return routes;
    }

    /// What looks at the server in a browser; it speaks the standard dialect.
    private static List<Route> dashboard() {
        List<Route> routes = new ArrayList<>();
        routes.add(page("/", Asset.of(DASHBOARD + "index.html", HTML), DASHBOARD_POLICY));
        routes.add(file("/assets/dashboard/dashboard.css", Asset.of(DASHBOARD + "dashboard.css", CSS)));
        for (String module : MODULES) {
            routes.add(file("/assets/dashboard/" + module, Asset.of(DASHBOARD + module, SCRIPT)));
        }
        return routes;
    }

    private static Route own(String file, String contentType) {
        return file("/assets/" + file, Asset.of(OWN + file, contentType));
    }

    private static Route file(String path, Asset asset) {
        return new Route("GET", path, Need.NOTHING, asset);
    }

    private static Route page(String path, String file) {
        return page(path, Asset.of(OWN + file, HTML), POLICY);
    }

    private static Route page(String path, Asset asset, String policy) {
        return new Route("GET", path, Need.NOTHING, (Endpoint.Slow) call -> asset.answer(call)
                .with("Content-Security-Policy", policy)
                .with("Referrer-Policy", "no-referrer")
                .with("X-Frame-Options", "DENY"));
    }
}
