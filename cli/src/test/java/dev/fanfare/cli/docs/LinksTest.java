package dev.fanfare.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The documents point only at what is there.
class LinksTest {

    private static final Pattern LINK = Pattern.compile("\\[[^]]*]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.+)$");
    private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");
    private static final Pattern FENCED = Pattern.compile("(?ms)^ *```.*?^ *```");
    private static final Pattern PATH = Pattern.compile("[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*/?");
    private static final Pattern CLASS = Pattern.compile("([A-Z]\\w*[a-z]\\w*)((?:[.#]\\w+)*)(?:\\(.*\\))?");

    /// These name what is on the wire, what is set, and what nothing may be called.
    private static final Set<String> NOT_ABOUT_CLASSES =
            Set.of("docs/protocol.md", "docs/configuration.md", "CONTRIBUTING.md");

    private final List<Path> documents = Repository.files(".md");

    @Test
    void everyRelativeLinkLeadsToAFileAndAHeading() {
        List<String> dead = new ArrayList<>();
        for (Path document : documents) {
            for (String link : links(document)) {
                Path target = target(document, link);
                if (!Files.exists(target)) {
                    dead.add(name(document) + ": " + link);
                } else if (link.contains("#") && !anchors(target).contains(link.substring(link.indexOf('#') + 1))) {
                    dead.add(name(document) + ": " + link + " (no such heading)");
                }
            }
        }
        assertThat(dead).isEmpty();
    }

    @Test
    void everyDocumentCanBeReachedFromTheReadme() {
        Set<Path> reached = new HashSet<>();
        follow(Repository.ROOT.resolve("README.md"), reached);
        assertThat(documents.stream()
                        .filter(document -> document.startsWith(Repository.ROOT.resolve("docs"))
                                || document.getParent().equals(Repository.ROOT))
                        .filter(document -> !reached.contains(document)))
                .isEmpty();
    }

    @Test
    void everyPathInTheDocumentsExists() {
        List<String> dead = new ArrayList<>();
        for (Path document : documents) {
            for (String code : inlineCode(document)) {
                boolean ours = PATH.matcher(code).matches()
                        && code.contains("/")
                        && Files.isDirectory(Repository.ROOT.resolve(code.substring(0, code.indexOf('/'))));
                if (ours && !Files.exists(Repository.ROOT.resolve(code))) {
                    dead.add(name(document) + ": " + code);
                }
            }
        }
        assertThat(dead).isEmpty();
    }

    @Test
    void everyClassAndMemberInTheDocumentsExists() {
        Sources sources = new Sources();
        List<String> unknown = new ArrayList<>();
        for (Path document : documents) {
            if (NOT_ABOUT_CLASSES.contains(name(document)) || name(document).contains("src/")) {
                continue;
            }
            for (String code : inlineCode(document)) {
                var named = CLASS.matcher(code);
                if (named.matches() && !sources.know(named.group(1), named.group(2))) {
                    unknown.add(name(document) + ": " + code);
                }
            }
        }
        assertThat(unknown).isEmpty();
    }

    private void follow(Path document, Set<Path> reached) {
        if (!reached.add(document) || !document.toString().endsWith(".md")) {
            return;
        }
        for (String link : links(document)) {
            Path target = target(document, link);
            if (Files.exists(target)) {
                follow(target, reached);
            }
        }
    }

    private static List<String> links(Path document) {
        return LINK.matcher(text(document))
                .results()
                .map(result -> result.group(1))
                .filter(link -> !link.matches("[a-z]+:.*"))
                .toList();
    }

    private static Path target(Path document, String link) {
        String file = link.replaceFirst("#.*", "");
        return file.isEmpty() ? document : document.resolveSibling(file).normalize();
    }

    /// The anchors that a reader of Markdown makes of headings.
    private static Set<String> anchors(Path document) {
        return HEADING.matcher(text(document))
                .results()
                .map(result -> result.group(1).toLowerCase(Locale.ROOT))
                .map(heading -> heading.replaceAll("[^\\w\\- ]", "").replace(' ', '-'))
                .collect(Collectors.toSet());
    }

    private static List<String> inlineCode(Path document) {
        return CODE.matcher(text(document))
                .results()
                .map((MatchResult result) -> result.group(1))
                .toList();
    }

    private static String text(Path document) {
        return FENCED.matcher(Repository.read(document)).replaceAll("");
    }

    private static String name(Path document) {
        return Repository.ROOT.relativize(document).toString();
    }
}
