package dev.fanfare.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.RawHttp;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FileDescriptorsTest {

    /// What the process may open; its jars are among it.
    private static final int LIMIT = 256;

    private static final String REQUEST = "GET %s HTTP/1.1\r\nHost: x\r\n\r\n";

    @Test
    void aProcessThatHasNoneLeftServesWhoIsThereAndAcceptsTheOthersLater() throws Exception {
        List<RawHttp> others = new ArrayList<>();
        try (LimitedProcess server = LimitedProcess.start(Integer.toString(LIMIT))) {
            int port = server.port();
            RawHttp there = new RawHttp(port);
            assertThat(there.send(REQUEST.formatted("/topics")).read().status()).isEqualTo(200);

            // More than the process can accept: the last of them wait in the system's queue.
            for (int i = 0; i < 2 * LIMIT; i++) {
                others.add(new RawHttp(port));
            }
            RawHttp last = others.removeLast().send(REQUEST.formatted("/health/live"));
            for (int i = 0; i < 20; i++) {
                assertThat(there.send(REQUEST.formatted("/topics")).read().status())
                        .isEqualTo(200);
            }
            closeAll(others);

            assertThat(last.read().status()).isEqualTo(200);
            assertThat(there.send(REQUEST.formatted("/health/live")).read().status())
                    .isEqualTo(200);
            last.close();
            there.close();
            assertThat(server.end()).isZero();
        } finally {
            closeAll(others);
        }
    }

    private static void closeAll(List<RawHttp> connections) throws IOException {
        for (RawHttp connection : connections) {
            connection.close();
        }
        connections.clear();
    }
}
