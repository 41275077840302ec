package dev.fanfare.server.acceptance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A transcript file, read: see the README beside the transcripts for its lines.
///
/// @param settings of the server it wants
/// @param steps in the order of the file
record Transcript(Map<String, String> settings, List<Step> steps) {

    /// One line.
    sealed interface Step {
        /// Its number in the file, from 1.
        int line();
    }

    /// Opens a connection on a path.
    record Open(int line, String connection, String path) implements Step {}

    /// A text frame to send.
    record Send(int line, String connection, String text) implements Step {}

    /// A text frame to receive.
    record Receive(int line, String connection, String template) implements Step {}

    /// A close frame to send.
    record SendClose(int line, String connection, int code) implements Step {}

    /// A close frame to receive.
    record ReceiveClose(int line, String connection, int code) implements Step {}

    /// A REST call.
    record Call(int line, String method, String path, String body) implements Step {}

    /// The answer to the REST call before it.
    record Answer(int line, int status, String template) implements Step {}

    private static final Pattern SETTING = Pattern.compile("! *([a-z-]+) *= *(.*)");
    private static final Pattern CALL = Pattern.compile("(GET|POST|DELETE|PUT|OPTIONS|HEAD) (\\S+) ?(.*)");
    private static final Pattern ANSWER = Pattern.compile("= (\\d{3}) ?(.*)");
    private static final Pattern OPENING = Pattern.compile("([a-z]*): (/\\S*)");
    private static final Pattern FRAME = Pattern.compile("([a-z]*)([<>]) (.*)");
    private static final Pattern CLOSE = Pattern.compile("<close (\\d+)>");

    static Transcript read(Path file) throws IOException {
        return parse(Files.readAllLines(file));
    }

    static Transcript parse(List<String> lines) {
        Map<String, String> settings = new HashMap<>();
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            Matcher setting = SETTING.matcher(line);
            if (setting.matches()) {
                settings.put(setting.group(1), setting.group(2));
            } else {
                steps.add(step(i + 1, line));
            }
        }
        return new Transcript(Map.copyOf(settings), List.copyOf(steps));
    }

    private static Step step(int number, String line) {
        Matcher call = CALL.matcher(line);
        if (call.matches()) {
            return new Call(number, call.group(1), call.group(2), call.group(3));
        }
        Matcher answer = ANSWER.matcher(line);
        if (answer.matches()) {
            return new Answer(number, Integer.parseInt(answer.group(1)), answer.group(2));
        }
        Matcher opening = OPENING.matcher(line);
        if (opening.matches()) {
            return new Open(number, opening.group(1), opening.group(2));
        }
        Matcher frame = FRAME.matcher(line);
        if (!frame.matches()) {
            throw new IllegalArgumentException("line " + number + " is no line of a transcript: " + line);
        }
        boolean sent = frame.group(2).equals(">");
        Matcher close = CLOSE.matcher(frame.group(3));
        if (close.matches()) {
            int code = Integer.parseInt(close.group(1));
            return sent ? new SendClose(number, frame.group(1), code) : new ReceiveClose(number, frame.group(1), code);
        }
        return sent
                ? new Send(number, frame.group(1), frame.group(3))
                : new Receive(number, frame.group(1), frame.group(3));
    }

    /// What was learned on the way: the values behind `<ts=start>` and the like.
    static final class Values {

        private static final Pattern PLACEHOLDER = Pattern.compile("<([a-z0-9]+)(?:=([a-z0-9]+))?>");
        private static final Map<String, String> SHAPES = Map.of(
                "ts", "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z",
                "uuid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                "epoch", "[^\"\\\\]{1,8}",
                "int", "\\d+",
                "number", "\\d+(?:\\.\\d+)?",
                "text", "(?:[^\"\\\\]|\\\\.)*");

        private final Map<String, String> known = new HashMap<>();

        /// The text with every known value in its place.
        String fill(String text) {
            return PLACEHOLDER.matcher(text).replaceAll(found -> {
                String value = found.group(2) == null ? known.get(found.group(1)) : null;
                return Matcher.quoteReplacement(value == null ? found.group() : value);
            });
        }

        /// Whether `text` is what the template says; if so, remembers the values it names.
        boolean matches(String template, @Nullable String text) {
            if (text == null) {
                return false;
            }
            List<String> names = new ArrayList<>();
            Matcher found = PLACEHOLDER.matcher(fill(template));
            StringBuilder regex = new StringBuilder();
            String filled = fill(template);
            int at = 0;
            while (found.find()) {
                String shape = SHAPES.get(found.group(1));
                if (shape == null) {
                    throw new IllegalArgumentException("no such placeholder: " + found.group());
                }
                regex.append(Pattern.quote(filled.substring(at, found.start())));
                names.add(found.group(2) == null ? "" : found.group(2));
                regex.append('(').append(shape).append(')');
                at = found.end();
            }
            regex.append(Pattern.quote(filled.substring(at)));
            Matcher matcher = Pattern.compile(regex.toString()).matcher(text);
            if (!matcher.matches()) {
                return false;
            }
            for (int i = 0; i < names.size(); i++) {
                if (!names.get(i).isEmpty()) {
                    known.put(names.get(i), matcher.group(i + 1));
                }
            }
            return true;
        }
    }
}
