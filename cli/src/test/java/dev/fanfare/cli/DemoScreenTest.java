package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.cli.DemoFigures.Check;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What the demo prints, and what it says of figures that do not add up.
class DemoScreenTest {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    @Test
    void figuresThatDoNotAddUpAreNamed() {
        var row = new DemoFigures(
                "payments", 3, 5, 0, 0, 0, 0, List.of(new Check("delivered", 6, 5), new Check("published", 3, 3)));
        assertThat(row.addsUp()).isFalse();
        assertThat(row.complaints())
                .containsExactly("payments does not add up: delivered should be 6, but the broker counted 5");
        new DemoScreen(out, false, true).table(List.of(row));
        assertThat(text()).contains("WRONG").contains("1 of 2 checks: it does NOT add up.");
    }

    @Test
    void aLineThatIsTooLongIsCutAndColoursTakeNoColumns() throws Exception {
        var plain = new DemoScreen(out, false, true);
        plain.event("delivered", "x".repeat(200));
        plain.note("y".repeat(200));
        assertThat(text().lines()).allMatch(line -> line.length() == 80 && line.endsWith("..."));
        String uncoloured = text();
        bytes.reset();
        var coloured = new DemoScreen(out, true, true);
        coloured.event("delivered", "x".repeat(200));
        coloured.note("y".repeat(200));
        assertThat(text()).isNotEqualTo(uncoloured);
        assertThat(text().replaceAll("\u001b\\[\\d+m", "")).isEqualTo(uncoloured);
    }

    private String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
