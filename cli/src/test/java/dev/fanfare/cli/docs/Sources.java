package dev.fanfare.cli.docs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The types that this project's sources declare, and the words in the files that declare them.
final class Sources {

    private static final Pattern DECLARATION =
            Pattern.compile("\\b(?:class|interface|record|enum) ([A-Z]\\w*)\\b(?=[^;]*\\{)");
    private static final List<String> JDK_PACKAGES =
            List.of("java.lang", "java.util", "java.util.concurrent", "java.time", "java.net.http");

    private final Map<String, List<String>> declaring = new HashMap<>();

    Sources() {
        for (Path file : Repository.files(".java")) {
            String text = Repository.read(file);
            DECLARATION
                    .matcher(text)
                    .results()
                    .forEach(result -> declaring
                            .computeIfAbsent(result.group(1), missing -> new ArrayList<>())
                            .add(text));
        }
    }

    /// Whether there is such a type, of the project or the JDK, and its file holds each of the members' names.
    ///
    /// @param members such as `.publish` or `#drain`; may be empty
    boolean know(String type, String members) {
        List<String> texts = declaring.get(type);
        if (texts == null) {
            return JDK_PACKAGES.stream().anyMatch(name -> exists(name + "." + type));
        }
        return texts.stream()
                .anyMatch(text -> Stream.of(members.split("[.#]"))
                        .allMatch(member -> Pattern.compile("\\b" + member + "\\b")
                                .matcher(text)
                                .find()));
    }

    private static boolean exists(String type) {
        try {
            Class.forName(type, false, ClassLoader.getSystemClassLoader());
            return true;
        } catch (ClassNotFoundException absent) {
            return false;
        }
    }
}
