package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.Setting;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/// What `fanfare serve` takes on its command line.
class ServeOptionsTest {

    @Test
    void everySettingIsAnOptionAndThoseOfYesAndNoNeedNoValue() {
        CommandLine serve = new CommandLine(Serve.command());
        assertThat(Setting.all()).allSatisfy(setting -> {
            var option = serve.getCommandSpec().findOption("--" + setting.name());
            assertThat(option).isNotNull();
            assertThat(option.arity().min()).isEqualTo(setting.allowed().startsWith("true") ? 0 : 1);
        });
    }
}
