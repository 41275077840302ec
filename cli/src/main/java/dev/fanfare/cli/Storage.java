package dev.fanfare.cli;

import dev.fanfare.Broker;
import dev.fanfare.BrokerConfig;
import dev.fanfare.RoutingConfig;
import dev.fanfare.storage.Damage;
import dev.fanfare.storage.RocksStore;
import dev.fanfare.storage.StorageOptions;
import dev.fanfare.store.StoreException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fanfare storage`: looks after the folder of durable topics, whether a server uses it or not.
@Command(
        name = "storage",
        description = "Verifies, measures, copies, exports and imports what durable topics have stored.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        subcommands = {
            Storage.Verify.class,
            Storage.Stats.class,
            Storage.Backup.class,
            Storage.Restore.class,
            Storage.Export.class,
            Storage.Import.class
        })
final class Storage implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "A command is missing");
    }

    /// Work on an open store.
    private interface Work {
        void on(StorageWork work, ProgressLine progress) throws IOException;
    }

    /// Which folder.
    static final class Where {

        @Spec(Spec.Target.MIXEE)
        @SuppressWarnings("NullAway.Init") // set by picocli before anything runs
        private CommandSpec spec;

        @Option(
                names = "--data",
                paramLabel = "DIR",
                required = true,
                defaultValue = "${env:FANFARE_DATA}",
                description = "The folder of durable topics. Default: $$FANFARE_DATA.")
        @SuppressWarnings("NullAway.Init") // picocli asks for it
        private Path data;

        /// Does it here, or has the server do it that uses the folder.
        private int carryOut(List<String> request, @Nullable BufferedReader input, ProgressLine shown, Work work) {
            try (ProgressLine progress = shown) {
                if (!Files.isDirectory(data)) {
                    throw new IOException("there is no folder " + data);
                }
                // Only an import begins a store; to look for one makes none.
                if (input == null && !Files.exists(data.resolve("FORMAT"))) {
                    throw new IOException(data + " holds no store: there is no FORMAT in it");
                }
                if (ControlSocket.answers(data)) {
                    ControlSocket.ask(data, request, input, progress::print, progress::at);
                } else {
                    here(work, progress);
                }
                return Main.OK;
            } catch (IOException | RuntimeException e) {
                Main.complain(spec, String.valueOf(e.getMessage()));
                return Main.FAILED;
            }
        }

        private void here(Work work, ProgressLine progress) throws IOException {
            RocksStore store = RocksStore.open(data, StorageOptions.DEFAULT);
            // What is imported goes where it was exported from, and nowhere else.
            BrokerConfig config = BrokerConfig.defaults()
                    .withRouting(RoutingConfig.defaults().withRestores(false))
                    .withStore(store);
            try (Broker broker = Broker.open(config)) {
                work.on(new StorageWork(broker, store), progress);
            }
        }
    }

    @Command(
            name = "verify",
            description = {
                "Reads everything that is stored, with its check sums, and names what is damaged.",
                "For a store that is not in use, or a backup. Exits with 1 when something is damaged."
            },
            mixinStandardHelpOptions = true)
    static final class Verify implements Callable<Integer> {

        @Mixin
        private final Where where = new Where();

        @Override
        public Integer call() {
            try (ProgressLine progress = ProgressLine.ofBytes("verified")) {
                List<Damage> damages = RocksStore.verify(where.data, progress::at);
                progress.finish();
                damages.forEach(System.out::println);
                System.out.println(damages.isEmpty() ? "nothing is damaged" : damages.size() + " damaged");
                return damages.isEmpty() ? Main.OK : Main.FAILED;
            } catch (StoreException e) {
                Main.complain(where.spec, String.valueOf(e.getMessage()));
                return Main.FAILED;
            }
        }
    }

    @Command(
            name = "stats",
            description = "Prints the durable topics and what the store takes.",
            mixinStandardHelpOptions = true)
    static final class Stats implements Callable<Integer> {

        @Mixin
        private final Where where = new Where();

        @Override
        public Integer call() {
            return where.carryOut(
                    List.of("stats"),
                    null,
                    ProgressLine.ofBytes("read"),
                    (work, progress) -> work.stats(progress::print));
        }
    }

    @Command(
            name = "backup",
            description = {
                "Copies the store into a folder, consistently and while it is used.",
                "The folder must be missing or empty. Files are linked where the file system can."
            },
            mixinStandardHelpOptions = true)
    static final class Backup implements Callable<Integer> {

        @Mixin
        private final Where where = new Where();

        @Parameters(paramLabel = "DIR", description = "Where the copy goes.")
        @SuppressWarnings("NullAway.Init") // picocli asks for it
        private Path target;

        @Override
        public Integer call() {
            String absolute = target.toAbsolutePath().toString();
            return where.carryOut(
                    List.of("backup", absolute),
                    null,
                    ProgressLine.ofBytes("copied"),
                    (work, progress) -> work.backup(absolute, progress::print, progress::at));
        }
    }

    @Command(
            name = "restore",
            description = {
                "Copies a backup into the folder of durable topics, which must be missing or empty.",
                "Every topic begins a new epoch then: who resumes where it was is told that something may be lost.",
                "Groups and durable names go on with what they had not done when the backup was made."
            },
            mixinStandardHelpOptions = true)
    static final class Restore implements Callable<Integer> {

        @Mixin
        private final Where where = new Where();

        @Parameters(paramLabel = "BACKUP", description = "The backup.")
        @SuppressWarnings("NullAway.Init") // picocli asks for it
        private Path backup;

        @Override
        public Integer call() {
            try (ProgressLine progress = ProgressLine.ofBytes("copied")) {
                RocksStore.restore(backup, where.data, progress::at);
                progress.finish();
                System.out.println("restored into " + where.data);
                return Main.OK;
            } catch (StoreException e) {
                Main.complain(where.spec, String.valueOf(e.getMessage()));
                return Main.FAILED;
            }
        }
    }

    @Command(
            name = "export",
            description = "Prints the messages of a durable topic, oldest first, each as JSON in one line.",
            mixinStandardHelpOptions = true)
    static final class Export implements Callable<Integer> {

        @Mixin
        private final Where where = new Where();

        @Parameters(paramLabel = "TOPIC", description = "The topic.")
        private String topic = "";

        @Override
        public Integer call() {
            return where.carryOut(
                    List.of("export", topic),
                    null,
                    ProgressLine.ofMessages("exported"),
                    (work, progress) -> work.export(topic, progress::print, progress::at));
        }
    }

    @Command(
            name = "import",
            description = {
                "Publishes lines of standard input, as export printed them, to a durable topic.",
                "The topic is made if there is none. Messages keep their ids, and get new places and times."
            },
            mixinStandardHelpOptions = true)
    static final class Import implements Callable<Integer> {

        @Mixin
        private final Where where = new Where();

        @Parameters(paramLabel = "TOPIC", description = "The topic.")
        private String topic = "";

        @Override
        public Integer call() {
            ProgressLine read = ProgressLine.ofBytes("imported");
            BufferedReader lines = new BufferedReader(
                    new InputStreamReader(new CountedInput(System.in, read), StandardCharsets.UTF_8));
            return where.carryOut(
                    List.of("import", topic),
                    lines,
                    read,
                    (work, progress) -> work.importInto(topic, lines, progress::print));
        }
    }
}
