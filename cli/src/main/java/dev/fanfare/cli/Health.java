package dev.fanfare.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `fanfare health`: whether a server is ready, for the health check of a container or a script. Needs no key: a server
/// tells everybody whether it is ready.
@Command(
        name = "health",
        description = {
            "Says whether a server is ready, and why not. Exits with 0 when it is, with 1 when it is not or can't be"
                    + " reached."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class Health implements Callable<Integer> {

    @Mixin
    private final Remote remote = new Remote();

    @Override
    public Integer call() throws InterruptedException {
        System.out.println(remote.text("GET", "/health/ready", ""));
        return Main.OK;
    }
}
