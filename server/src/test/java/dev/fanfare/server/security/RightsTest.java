package dev.fanfare.server.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.Message;
import dev.fanfare.feed.Pattern;
import dev.fanfare.server.SettingException;
import dev.fanfare.store.ByteReader;
import dev.fanfare.store.ByteWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What rules allow.
class RightsTest {

    private static final List<String> PATTERNS = List.of(
            "**",
            "*",
            "a.**",
            "a.*",
            "a.b",
            "a.*.c",
            "*.b",
            "*.*",
            "a.b.**",
            "b.**",
            "a",
            "$dead.**",
            "$dead.*",
            "a/**",
            "*/b",
            "$x");
    private static final List<String> NAMES = List.of(
            "a", "b", "a.b", "a.c", "b.b", "a.b.c", "a.x.c", "$dead.a", "$dead.a.b", "a/b", "a/b/c", "c/b", "$x", "x");

    @TempDir
    private Path folder;

    private Rules rules(String text) throws IOException {
        Path file = folder.resolve("rules.yaml");
        Files.writeString(file, text);
        return Rules.read(file);
    }

    private static Identity key(String name, String role) {
        return new Identity(Identity.Kind.API_KEY, name, role, Map.of(), Long.MAX_VALUE, "x");
    }

    private static Identity token(String subject, Map<String, Object> claims) {
        return new Identity(Identity.Kind.TOKEN, subject, "", claims, Long.MAX_VALUE, "");
    }

    @Test
    void whatNoRuleAllowsIsRefused() throws Exception {
        assertThat(rules("").rights(key("k", "reader"), null)).isEqualTo(Rights.NONE);
        assertThat(rules("").rights(key("k", "admin"), null).isAll()).isTrue();
        assertThatThrownBy(() -> Rules.readAnew(folder.resolve("rules.yaml"))).hasMessageContaining("is empty");
        Rules some = rules("- who: name:somebody\n  may: publish\n  topics: a\n");
        Rights nobody = some.rights(key("k", "reader"), null);
        assertThat(nobody.may(Operation.PUBLISH, "a")).isFalse();
        assertThat(nobody.view(Pattern.of("a"))).isNull();
        assertThat(nobody.may(Operation.OBSERVE)).isFalse();
        assertThat(some.rights(key("k", "admin"), null).isAll()).isTrue();
        assertThat(some.admitAnonymous()).isFalse();
    }

    @Test
    void aRuleIsForNamesRolesClaimsAndStrangers() throws Exception {
        Rules rules = rules("""
                - who: [name:web, "role:writer", "claim:team=red"]
                  may: [publish]
                  topics: [a]
                - who: anonymous
                  may: [subscribe]
                  topics: [news]
                - who: authenticated
                  may: subscribe
                  topics: inside
                - who: anyone
                  may: observe
                """);
        assertThat(rules.rights(key("web", "x"), null).may(Operation.PUBLISH, "a"))
                .isTrue();
        assertThat(rules.rights(key("x", "writer"), null).may(Operation.PUBLISH, "a"))
                .isTrue();
        assertThat(rules.rights(token("x", Map.of("team", "red")), null).may(Operation.PUBLISH, "a"))
                .isTrue();
        assertThat(rules.rights(token("x", Map.of("team", List.of("blue", "red"))), null)
                        .may(Operation.PUBLISH, "a"))
                .isTrue();
        Rights blue = rules.rights(token("x", Map.of("team", "blue")), null);
        assertThat(blue.may(Operation.PUBLISH, "a")).isFalse();
        assertThat(blue.may(Operation.SUBSCRIBE, "inside")).isTrue();
        assertThat(blue.may(Operation.SUBSCRIBE, "news")).isFalse();
        assertThat(blue.sees("inside")).isTrue();
        assertThat(blue.sees("a")).isFalse();
        Rights stranger = rules.rights(Identity.ANONYMOUS, null);
        assertThat(stranger.may(Operation.SUBSCRIBE, "news")).isTrue();
        assertThat(stranger.may(Operation.SUBSCRIBE, "inside")).isFalse();
        assertThat(stranger.may(Operation.OBSERVE)).isTrue();
        assertThat(rules.admitAnonymous()).isTrue();
    }

    @Test
    void whatStandsForAPartIsNeverAPattern() throws Exception {
        Rules rules = rules("""
                - who: authenticated
                  may: all
                  topics: ["user.${sub}.**", "client.${client_id}"]
                """);
        Rights ann = rules.rights(token("ann", Map.of()), "c1");
        assertThat(ann.may(Operation.MANAGE, "user.ann.box")).isTrue();
        assertThat(ann.may(Operation.MANAGE, "user.bob.box")).isFalse();
        assertThat(ann.may(Operation.PUBLISH, "client.c1")).isTrue();
        assertThat(rules.rights(token("ann", Map.of()), null).may(Operation.PUBLISH, "client.c1"))
                .isFalse();
        for (String hostile :
                List.of("*", "**", "a.b", "a/b", "#", "+", "", " ", "a b", "$dead", "x\u0000", "y".repeat(300))) {
            Rights rights = rules.rights(token(hostile, Map.of()), hostile);
            for (String topic :
                    List.of("user.ann.box", "user.a.b.box", "client.c1", "user.b", "user..box", "client.")) {
                assertThat(rights.may(Operation.SUBSCRIBE, topic))
                        .as("'%s' on %s", hostile, topic)
                        .isFalse();
            }
        }
    }

    @Test
    void whatIsTooLongWithWhatStandsForAPartMatchesNothing() throws Exception {
        Rules rules = rules("- {who: authenticated, may: all, topics: ['${sub}.${sub}.${sub}', a]}\n");
        Rights rights = rules.rights(token("x".repeat(100), Map.of()), null);
        assertThat(rights.may(Operation.PUBLISH, "a")).isTrue();
        assertThat(rights.may(Operation.PUBLISH, "b")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', delimiter = '|', textBlock = """
            who: nobody              | is nobody
            who: anyone              | 'may' is needed
            may: [publish]           | 'who' is needed
            {who: anyone, may: fly, topics: a}   | 'fly' can't be allowed
            {who: anyone, may: publish}          | 'topics' is needed
            {who: anyone, may: publish, topics: 'a.**.b'} | may hold '**' only as its last segment
            {who: anyone, may: publish, topics: 'a.${x}'} | may stand for a part
            {who: anyone, may: publish, topics: a, and: b} | unknown 'and'
            {who: {a: b}, may: publish, topics: a} | expected a text
            """)
    void whatIsWrongInAFileIsSaid(String rule, String said) {
        assertThatThrownBy(() -> rules("- " + rule + "\n"))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining(said)
                .hasMessageContaining("line 1");
    }

    @Test
    void theRestOfWhatCanBeWrong() {
        assertThatThrownBy(() -> rules("a: b")).hasMessageContaining("must be a list");
        assertThatThrownBy(() -> rules("- a\n")).hasMessageContaining("expected 'name: value'");
        assertThatThrownBy(() -> rules("- {who: a, who: b}")).isInstanceOf(SettingException.class);
        assertThatThrownBy(() -> rules("- {a: b")).hasMessageContaining("is not YAML");
        assertThatThrownBy(() -> Rules.read(folder.resolve("missing"))).hasMessageContaining("does not exist");
    }

    @Test
    void onePatternCoversAnotherOnlyIfItMatchesAllOfIt() {
        for (String wide : PATTERNS) {
            for (String narrow : PATTERNS) {
                Pattern one = Pattern.of(wide);
                Pattern other = Pattern.of(narrow);
                List<String> both = new ArrayList<>();
                for (String name : NAMES) {
                    if (other.matches(name)) {
                        if (Rights.covers(one, other)) {
                            assertThat(one.matches(name))
                                    .as("%s covers %s, not %s", wide, narrow, name)
                                    .isTrue();
                        }
                        if (one.matches(name)) {
                            both.add(name);
                        }
                    }
                }
                if (!both.isEmpty()) {
                    assertThat(Rights.touches(one, other))
                            .as("%s and %s: %s", wide, narrow, both)
                            .isTrue();
                }
            }
        }
        assertThat(Rights.covers(Pattern.of("**"), Pattern.of("a.*"))).isTrue();
        assertThat(Rights.covers(Pattern.of("a.**"), Pattern.of("a.b.*"))).isTrue();
        assertThat(Rights.covers(Pattern.of("**"), Pattern.of("$dead.**"))).isFalse();
        assertThat(Rights.touches(Pattern.of("a.**"), Pattern.of("b.*"))).isFalse();
    }

    @Test
    void aViewLetsThroughJustWhatIsAllowedWhateverThePattern() throws Exception {
        long seed = Long.getLong("fanfare.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int run = 0; run < 500; run++) {
            List<String> granted = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                granted.add("'" + PATTERNS.get(random.nextInt(PATTERNS.size())) + "'");
            }
            Rights rights = rules("- {who: anyone, may: subscribe, topics: " + granted + "}\n")
                    .rights(Identity.ANONYMOUS, null);
            Pattern asked = Pattern.of(PATTERNS.get(random.nextInt(PATTERNS.size())));
            Rights.View view = rights.view(asked);
            for (String name : NAMES) {
                if (asked.matches(name)) {
                    boolean heard = view != null
                            && (view.filter() == null || view.filter().matches(message(name)));
                    assertThat(heard)
                            .as("-Dfanfare.seed=%d: %s of %s with %s", seed, name, asked, granted)
                            .isEqualTo(rights.may(Operation.SUBSCRIBE, name));
                }
            }
        }
    }

    private static Message message(String topic) {
        ByteWriter out = new ByteWriter(64);
        Message.text("x").writeTo(out);
        return Message.readFrom(new ByteReader(out.toByteArray()), topic, "e", 0, 1);
    }
}
