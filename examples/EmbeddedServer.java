import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpHandlers;
import com.sun.net.httpserver.HttpServer;
import dev.fanfare.Broker;
import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.ServerConfig;

/// A server inside the application, and a page that talks to it: `./fanfare example EmbeddedServer`, then open the
/// address that it prints. What the application publishes the page hears, and the other way round.
///
/// Arguments: port, flat port, and port of the page; 0 takes any free one. Ends with Ctrl-C.
void main(String... args) throws IOException, InterruptedException {
    var settings = Map.of("port", argument(args, 0, "8080"), "flat-port", argument(args, 1, "8000"));
    // region embedding
    var broker = Broker.open();
    broker.createTopic("clock");
    broker.createTopic("chat");
    broker.subscribe("chat", message -> IO.println("from the page: " + message.text()));

    var server = FanfareServer.start(broker, ServerConfig.of(settings));
    // endregion
    servePage(server, Integer.parseInt(argument(args, 2, "8090")));
    while (true) {
        broker.publish("clock", LocalTime.now().truncatedTo(ChronoUnit.SECONDS).toString());
        Thread.sleep(Duration.ofSeconds(1));
    }
}

String argument(String[] args, int index, String otherwise) {
    return index < args.length ? args[index] : otherwise;
}

/// Any web server will do; this is the JDK's own.
void servePage(FanfareServer server, int port) throws IOException {
    var page = Files.readString(Path.of("examples/page.html"))
            .replace("127.0.0.1:8080", "127.0.0.1:" + server.port())
            .replace("127.0.0.1:8000", "127.0.0.1:" + server.flatPort().orElse(0));
    var web = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    web.createContext("/", HttpHandlers.of(200, Headers.of("Content-Type", "text/html; charset=utf-8"), page));
    web.start();
    IO.println("open http://127.0.0.1:" + web.getAddress().getPort());
}
