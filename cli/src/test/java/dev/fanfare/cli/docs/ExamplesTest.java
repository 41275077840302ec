package dev.fanfare.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every file in examples/ compiles without a warning, and prints what it says that it prints.
class ExamplesTest {

    private static final Pattern PRINTS = Pattern.compile("(?m)^/// prints: (.*)$");

    @TempDir
    static Path classes;

    @BeforeAll
    static void compileWithoutWarnings() throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter said = new StringWriter();
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            boolean compiled = compiler.getTask(
                            said,
                            files,
                            null,
                            List.of(
                                    "-Xlint:all",
                                    "-Werror",
                                    "-d",
                                    classes.toString(),
                                    "-cp",
                                    RunningExample.classPath()),
                            null,
                            files.getJavaFileObjectsFromPaths(examples()))
                    .call();
            assertThat(compiled).as(said.toString()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("examplesThatEnd")
    void printsWhatItSays(String name) throws Exception {
        try (RunningExample example = RunningExample.compiled(classes, name.replace(".java", ""))) {
            assertThat(example.remainingLines())
                    .isEqualTo(prints(Repository.ROOT.resolve("examples").resolve(name)));
            assertThat(example.exitCode()).isZero();
        }
    }

    static List<String> examplesThatEnd() {
        return examples().stream()
                .filter(example -> !prints(example).isEmpty())
                .map(example -> String.valueOf(example.getFileName()))
                .toList();
    }

    /// One that says nothing is a server, which goes on until somebody ends it.
    @Test
    void allButTheServerEnd() {
        assertThat(examplesThatEnd()).hasSize(examples().size() - 1).doesNotContain("EmbeddedServer.java");
    }

    @Test
    void areListedInTheReadme() {
        String readme = Repository.read("README.md");
        assertThat(examples())
                .isNotEmpty()
                .allSatisfy(example -> assertThat(readme).contains("(examples/" + example.getFileName() + ")"));
    }

    static List<Path> examples() {
        return Repository.files(".java").stream()
                .filter(file -> file.getParent().endsWith("examples"))
                .toList();
    }

    private static List<String> prints(Path example) {
        return PRINTS.matcher(Repository.read(example))
                .results()
                .map(line -> line.group(1))
                .toList();
    }
}
