package dev.fanfare.server.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Arrays;
import java.util.List;

/// Whatever bytes come: nothing is thrown, the connection ends at most once, and splitting them changes nothing.
///
/// In the ordinary suite it runs over the inputs kept beside it; with `JAZZER_FUZZ=1` it looks for new ones.
class FrameDecoderFuzzTest {

    private static final int MAX = 1000;

    @FuzzTest(maxDuration = "1m")
    void takesAnyBytes(byte[] bytes) {
        MessageInflater inflater = bytes.length % 2 == 0 ? new MessageInflater() : null;
        List<String> whole = Calls.whole(bytes, MAX, inflater);

        assertThat(Calls.split(bytes, MAX, inflater, bytes.length / 2)).isEqualTo(whole);
        int[] everywhere = new int[bytes.length];
        Arrays.setAll(everywhere, i -> i);
        assertThat(Calls.split(bytes, MAX, inflater, everywhere)).isEqualTo(whole);
        long violations =
                whole.stream().filter(line -> line.startsWith("violation")).count();
        assertThat(violations).isLessThanOrEqualTo(1);
        assertThat(whole.stream().skip(Math.max(0, whole.size() - 1)).filter(line -> line.startsWith("violation")))
                .hasSize((int) violations);
    }
}
