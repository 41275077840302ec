package dev.fanfare.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.cli.Main;
import dev.fanfare.server.Setting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/// The commands that the documents show exist, with these options.
class CommandsTest {

    private static final Pattern SHOWN = Pattern.compile("\\./fanfare ([a-z-]+)([^`|\n]*)");
    private static final Pattern OPTION = Pattern.compile("--([a-z-]+)");

    private final String launcher = Repository.read("fanfare");

    @Test
    void everyCommandShownIsOneOfTheLauncher() {
        assertThat(shown())
                .hasSizeGreaterThan(10)
                .allSatisfy(command -> assertThat(launcher).containsPattern("(?m)^  " + command.group(1) + " "));
    }

    @Test
    void everyOptionShownIsOneOfItsCommand() {
        List<String> unknown = new ArrayList<>();
        for (MatchResult command : shown()) {
            OPTION.matcher(command.group(2))
                    .results()
                    .map(option -> option.group(1))
                    .filter(option -> !knows(command.group(1), option))
                    .forEach(option -> unknown.add(command.group()));
        }
        assertThat(unknown).isEmpty();
    }

    @Test
    void everyExampleShownExists() {
        List<String> missing = shown().stream()
                .filter(command -> command.group(1).equals("example"))
                .map(command -> command.group(2).strip())
                .filter(name -> !name.equals("NAME") && !name.isEmpty())
                .filter(name -> !Files.exists(Repository.ROOT.resolve("examples/" + name + ".java")))
                .toList();
        assertThat(missing).isEmpty();
    }

    @Test
    void everyBenchmarkShownExists() {
        Sources sources = new Sources();
        List<String> missing = shown().stream()
                .filter(command -> command.group(1).equals("jmh"))
                .map(command -> command.group(2).strip())
                .filter(name -> name.matches("[A-Z][a-z]\\w+") && !sources.know(name, ""))
                .toList();
        assertThat(missing).isEmpty();
    }

    private boolean knows(String command, String option) {
        CommandLine known = Main.commands().getSubcommands().get(command);
        return known == null
                ? launcher.contains("--" + option)
                : Setting.named(option).isPresent() && command.equals("serve") || has(known, "--" + option);
    }

    private static boolean has(CommandLine command, String option) {
        return command.getCommandSpec().optionsMap().containsKey(option)
                || command.getSubcommands().values().stream().anyMatch(each -> has(each, option));
    }

    private static List<MatchResult> shown() {
        List<MatchResult> shown = new ArrayList<>();
        for (Path document : Repository.files(".md")) {
            SHOWN.matcher(Repository.read(document)).results().forEach(shown::add);
        }
        return shown;
    }
}
