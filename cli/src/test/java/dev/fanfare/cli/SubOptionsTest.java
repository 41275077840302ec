package dev.fanfare.cli;

import static dev.fanfare.cli.InProcess.complaint;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What `fanfare sub` says about options that can't be meant: what is wrong, before any server is asked.
class SubOptionsTest {

    private static final String NOWHERE = "--url=http://127.0.0.1:1";

    @ParameterizedTest
    @ValueSource(strings = {"--group", "--name"})
    void aNameIsNotEmpty(String option) {
        assertThat(complaint(2, "sub", "t", option + "=", NOWHERE)).contains(option + " must not be empty");
    }

    @Test
    void whatIsWrongElsewhereIsNotBlamedOnTheName() {
        assertThat(complaint(2, "sub", "t", "--group=g", "--url=ftp://x"))
                .contains("--url: 'ftp://x' must begin with http://")
                .doesNotContain("--group");
        assertThat(complaint(2, "sub", "t", "--group=g", "--count=0", NOWHERE)).contains("--count must be 1 or more");
        assertThat(complaint(1, "sub", "t", "--group=g", NOWHERE))
                .contains("can't connect to ws://127.0.0.1:1")
                .doesNotContain("--group");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--api-key", "--token"})
    void aSecretThatCanNotBeSentIsNamedAndNotShown(String option) {
        assertThat(complaint(2, "sub", "t", "--create", "--group=g", option + "=se\ncret", NOWHERE))
                .contains(option + " holds a character that no key and no token has, at 3")
                .doesNotContain("cret", "--group", "--url");
    }
}
