package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// docs/configuration.md says of each setting what the table in [Setting] says. Run with
/// `-Dfanfare.docs.write=true` to have that part of the page written anew.
class ConfigurationDocumentTest {

    private static final String BEGIN = "<!-- settings: begin -->\n";
    private static final String END = "<!-- settings: end -->\n";
    private static final Path PAGE = Path.of("../docs/configuration.md");

    @Test
    void thePageSaysWhatTheTableSays() throws IOException {
        String page = Files.readString(PAGE);
        int from = page.indexOf(BEGIN) + BEGIN.length();
        int to = page.indexOf(END);
        if (Boolean.getBoolean("fanfare.docs.write")) {
            Files.writeString(PAGE, page.substring(0, from) + settings() + page.substring(to));
            return;
        }

        assertThat(page.substring(from, to)).isEqualTo(settings());
    }

    private static String settings() {
        return Setting.all().stream()
                .map(ConfigurationDocumentTest::describe)
                .collect(Collectors.joining("\n", "\n", "\n"));
    }

    private static String describe(Setting<?> setting) {
        String oldNames = setting.oldNames().stream()
                .map(old -> "`" + old.variable() + "`")
                .collect(Collectors.joining(", "));
        return """
                ### `%s`

                %s

                - Default: `%s`
                - Allowed: %s
                - Environment: `%s`%s
                - A changed value counts: %s
                """.formatted(
                        setting.name(),
                        setting.description(),
                        setting.defaultText(),
                        setting.allowed(),
                        setting.variable(),
                        oldNames.isEmpty() ? "" : "; names of earlier servers: " + oldNames,
                        setting.whyAtStart()
                                .map(why -> "from the next start on: " + why)
                                .orElse("when settings are read anew"));
    }
}
