package dev.fanfare.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What README.md shows is what examples/ holds, which is compiled and run.
class ReadmeTest {

    private static final Pattern FENCED = Pattern.compile("(?ms)^```(java|html|js)\n(.*?)^```");

    private final String readme = Repository.read("README.md");

    @ParameterizedTest
    @CsvSource({
        "QuickStart.java, quick-start",
        "EmbeddedServer.java, embedding",
        "page.html, standard",
        "page.html, flat",
    })
    void showsTheRegionOfAnExample(String file, String region) {
        assertThat(readme).contains(region(Repository.read("examples/" + file), region));
    }

    @Test
    void showsNoCodeThatIsNotInAnExample() {
        List<String> shown =
                FENCED.matcher(readme).results().map(block -> block.group(2)).toList();
        assertThat(shown).hasSize(4);
    }

    /// The lines between `region NAME` and the next `endregion`, without their common indentation.
    private static String region(String text, String name) {
        var found = Pattern.compile("(?ms)^( *)// region " + name + "\n(.*?)^ *// endregion")
                .matcher(text);
        assertThat(found.find()).as("region " + name).isTrue();
        return found.group(2).replaceAll("(?m)^" + found.group(1), "");
    }
}
