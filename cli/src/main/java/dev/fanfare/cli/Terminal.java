package dev.fanfare.cli;

import java.io.Console;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// What standard output goes to. Asks `stty`, which every terminal's machine has.
final class Terminal {

    private static final int ROWS_USUAL = 24;
    private static final int COLUMNS_USUAL = 80;

    private Terminal() {}

    /// How large it is.
    record Size(int rows, int columns) {}

    /// Whether somebody looks at it, so that what is printed may be cut, painted and written over.
    static boolean isThere() {
        return Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
    }

    /// Whether to paint: `NO_COLOR` and `TERM=dumb` say no.
    static boolean coloured() {
        String no = System.getenv("NO_COLOR");
        return isThere() && (no == null || no.isEmpty()) && !"dumb".equals(System.getenv("TERM"));
    }

    /// How wide a line may be; 0 when nobody looks.
    static int width() {
        return isThere() ? size().columns() : 0;
    }

    /// How large it is now; what is usual when that can't be told.
    static Size size() {
        List<String> words = List.of(stty("size").strip().split(" ", -1));
        if (words.size() == 2 && words.stream().allMatch(word -> word.matches("[1-9]\\d{0,4}"))) {
            return new Size(Integer.parseInt(words.getFirst()), Integer.parseInt(words.getLast()));
        }
        return new Size(ROWS_USUAL, COLUMNS_USUAL);
    }

    /// Sets or asks what the terminal does; empty when it can't be.
    static String stty(String... arguments) {
        List<String> command = new ArrayList<>(List.of("stty"));
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectInput(Redirect.INHERIT)
                    .redirectError(Redirect.DISCARD)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            return process.waitFor() == 0 ? said : "";
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    /// The text in a style of ANSI, such as `1;32`.
    static String paint(boolean coloured, String style, String text) {
        return coloured && !text.isEmpty() ? "\u001b[" + style + "m" + text + "\u001b[0m" : text;
    }

    /// A text from elsewhere without what a terminal would obey.
    static String harmless(String text) {
        return text.codePoints().anyMatch(Character::isISOControl)
                ? text.codePoints()
                        .map(each -> Character.isISOControl(each) ? ' ' : each)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString()
                : text;
    }

    /// Prints a table, as wide as the terminal.
    static void print(Table table) {
        table.lines(width()).forEach(System.out::println);
    }

    /// Prints the properties of an object, one in a line.
    static void print(JsonNode object) {
        int width =
                object.propertyNames().stream().mapToInt(String::length).max().orElse(0);
        object.propertyStream().forEach(each -> {
            @Nullable JsonNode value = each.getValue();
            String text = value.isString() ? value.asString() : value.toString();
            System.out.printf("%-" + width + "s  %s%n", each.getKey(), harmless(text));
        });
    }
}
