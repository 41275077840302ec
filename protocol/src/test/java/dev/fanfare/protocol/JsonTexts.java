package dev.fanfare.protocol;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The tables of good and bad JSON under `json/`: one text per line, bytes that can't be typed as `{{hex}}`.
final class JsonTexts {

    private static final Pattern BYTES = Pattern.compile("\\{\\{((?:[0-9A-F]{2})+)}}");

    private JsonTexts() {}

    static List<String> accepted() {
        return lines("/json/accepted.txt");
    }

    static List<String> refused() {
        return lines("/json/refused.txt");
    }

    private static List<String> lines(String resource) {
        try (InputStream in = Objects.requireNonNull(JsonTexts.class.getResourceAsStream(resource), resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .skip(1)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] bytes(String line) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Matcher matcher = BYTES.matcher(line);
        int done = 0;
        while (matcher.find()) {
            bytes.writeBytes(line.substring(done, matcher.start()).getBytes(StandardCharsets.UTF_8));
            bytes.writeBytes(HexFormat.of().parseHex(matcher.group(1)));
            done = matcher.end();
        }
        bytes.writeBytes(line.substring(done).getBytes(StandardCharsets.UTF_8));
        return bytes.toByteArray();
    }
}
