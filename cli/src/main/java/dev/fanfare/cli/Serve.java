package dev.fanfare.cli;

import dev.fanfare.server.FanfareServer;
import dev.fanfare.server.ListenException;
import dev.fanfare.server.ServerConfig;
import dev.fanfare.server.Setting;
import dev.fanfare.server.SettingException;
import dev.fanfare.server.Settings;
import dev.fanfare.storage.RocksStore;
import dev.fanfare.store.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/// `fanfare serve`: runs a server until it is told to stop. Its options are the table of settings, and `--config`.
final class Serve {

    private final CommandSpec spec;

    /// How `storage` commands reach this process; null when nothing is stored.
    private volatile @Nullable ControlSocket control;

    private Serve(CommandSpec spec) {
        this.spec = spec;
    }

    /// The command with an option for every setting.
    static CommandSpec command() {
        CommandSpec command = SettingOptions.addTo(QuickCommand.of(
                "serve",
                spec -> new Serve(spec).call(),
                "Starts a server and runs until it is stopped (Ctrl-C, or SIGTERM).",
                "",
                "Each setting can be given as an option, as an environment variable (--flat-port is FANFARE_FLAT_PORT), or"
                        + " in a YAML file. An option counts more than the environment, the environment more than the"
                        + " file."));
        command.usageMessage().autoWidth(true);
        return command;
    }

    private int call() throws InterruptedException {
        Settings settings;
        try {
            Supplier<Settings> source = SettingOptions.of(spec);
            settings = source.get();
            logAt(settings);
            run(settings, source);
            return Main.OK;
        } catch (SettingException e) {
            Main.complain(spec, String.valueOf(e.getMessage()));
            return Main.WRONG_USE;
        } catch (ListenException | StoreException e) {
            Main.complain(spec, String.valueOf(e.getMessage()));
            return Main.FAILED;
        }
    }

    private void run(Settings settings, Supplier<Settings> source) throws InterruptedException {
        settings.warnings().forEach(warning -> Main.complain(spec, warning));
        var config = settings.config();
        JvmMemory.warning(config.memoryBytes()).ifPresent(warning -> Main.complain(spec, warning));
        AtomicReference<@Nullable FanfareServer> started = new AtomicReference<>();
        CountDownLatch done = new CountDownLatch(1);
        // A JVM that a signal ends exits with 128 + the signal's number, unless it is halted with another code.
        Thread stop = new Thread(
                () -> {
                    FanfareServer server = started.get();
                    if (server != null) {
                        Main.complain(spec, "stopping");
                        closeControl();
                        server.close();
                        Main.complain(spec, "stopped");
                    }
                    Runtime.getRuntime().halt(Main.OK);
                },
                "stop");
        Runtime.getRuntime().addShutdownHook(stop);
        try {
            FanfareServer server = start(config);
            started.set(server);
            server.readSettingsFrom(settings, source, Serve::logAt);
            Hangup.listen(() -> reload(server));
            System.out.print(Banner.of(server));
            System.out.flush();
            Banner.warning(server).ifPresent(warning -> Main.complain(spec, warning));
        } catch (RuntimeException e) {
            // What failed to start has nothing to stop, and has an exit code of its own.
            Runtime.getRuntime().removeShutdownHook(stop);
            throw e;
        }
        done.await();
    }

    /// The log tells what came of it.
    private static void reload(FanfareServer server) {
        try {
            server.reload();
        } catch (SettingException told) {
            // nothing has changed
        }
    }

    private FanfareServer start(ServerConfig config) {
        Path data = config.durable().data().orElse(null);
        if (data == null) {
            return FanfareServer.start(config);
        }
        DataFolder folder = new DataFolder(data, config.memoryBytes(), what -> Main.complain(spec, what));
        return folder.open(store -> {
            FanfareServer server = FanfareServer.start(config, store);
            reach(data, server, store);
            return server;
        });
    }

    private void reach(Path data, FanfareServer server, RocksStore store) {
        try {
            control = ControlSocket.open(data, new StorageWork(server.broker(), store));
        } catch (IOException e) {
            Main.complain(spec, "storage commands can't reach this server: " + e.getMessage());
        }
    }

    private void closeControl() {
        ControlSocket open = control;
        if (open != null) {
            open.close();
        }
    }

    private static void logAt(Settings settings) {
        LogLines.begin(settings.value(Setting.LOG_FORMAT), settings.value(Setting.LOG_LEVEL), System.err);
    }
}
