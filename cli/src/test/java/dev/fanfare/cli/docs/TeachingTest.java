package dev.fanfare.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The Java that the teaching documents show stands in examples/, which are compiled and run.
class TeachingTest {

    private static final Pattern JAVA = Pattern.compile("(?ms)^```java\n(.*?)^```");

    @ParameterizedTest
    @ValueSource(strings = {"docs/START_HERE.md", "docs/GUIDE.md"})
    void showsOnlyCodeThatIsInAnExample(String document) {
        List<String> examples = ExamplesTest.examples().stream()
                .map(file -> withoutIndentation(Repository.read(file)))
                .toList();
        List<String> shown = JAVA.matcher(Repository.read(document))
                .results()
                .map(block -> withoutIndentation(block.group(1)))
                .toList();
        assertThat(shown)
                .isNotEmpty()
                .allSatisfy(code -> assertThat(examples).anyMatch(example -> example.contains(code)));
    }

    private static String withoutIndentation(String text) {
        return text.lines().map(String::strip).collect(Collectors.joining("\n", "\n", "\n"));
    }
}
