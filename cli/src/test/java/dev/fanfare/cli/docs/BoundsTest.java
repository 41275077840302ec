package dev.fanfare.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.Setting;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// The table of bounds in docs/architecture.md says what the settings say.
class BoundsTest {

    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| ([^|]+) \\| ([^|]+) \\| `([a-z-]+)`[^|]*\\| [^|]+ \\|$");

    @TestFactory
    List<DynamicTest> aBoundIsTheDefaultOfItsSetting() {
        List<DynamicTest> tests = ROW.matcher(Repository.read("docs/architecture.md"))
                .results()
                .map(row -> DynamicTest.dynamicTest(row.group(1), () -> check(row.group(3), row.group(2))))
                .toList();
        assertThat(tests).hasSizeGreaterThan(10);
        return tests;
    }

    private static void check(String setting, String bound) {
        if (!setting.equals("message-ids")) { // has no length to set
            assertThat(bound).contains(Setting.named(setting).orElseThrow().defaultText());
        }
    }
}
