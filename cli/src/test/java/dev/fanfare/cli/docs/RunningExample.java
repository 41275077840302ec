package dev.fanfare.cli.docs;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// An example in a process of its own.
final class RunningExample implements AutoCloseable {

    private static final int SECONDS_MAX = 40;
    private static final String END = "\0";

    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    private RunningExample(Process process) {
        this.process = process;
        Thread.startVirtualThread(() -> {
            process.inputReader().lines().forEach(lines::add);
            lines.add(END);
        });
    }

    /// From its source, as `./fanfare example NAME` does it.
    ///
    /// @param name of the file in examples/
    static RunningExample start(String name, String... arguments) throws IOException {
        return run(classPath(), "examples/" + name, arguments);
    }

    /// What was compiled.
    ///
    /// @param classes where to
    /// @param main its class
    static RunningExample compiled(Path classes, String main) throws IOException {
        return run(classes + File.pathSeparator + classPath(), main);
    }

    private static RunningExample run(String classPath, String main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                classPath,
                main));
        command.addAll(List.of(arguments));
        return new RunningExample(new ProcessBuilder(command)
                .directory(Repository.ROOT.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    static String classPath() {
        return System.getProperty("java.class.path");
    }

    /// The next line on its standard output that begins so.
    String awaitLine(String beginning) throws InterruptedException {
        while (true) {
            String line = nextLine();
            if (line.startsWith(beginning)) {
                return line;
            }
            if (line.equals(END)) {
                throw new AssertionError("ended without printing '" + beginning + "...'");
            }
        }
    }

    /// Everything on its standard output up to its end.
    List<String> remainingLines() throws InterruptedException {
        List<String> remaining = new ArrayList<>();
        for (String line = nextLine(); !line.equals(END); line = nextLine()) {
            remaining.add(line);
        }
        return remaining;
    }

    private String nextLine() throws InterruptedException {
        String line = lines.poll(SECONDS_MAX, TimeUnit.SECONDS);
        if (line == null) {
            throw new AssertionError("printed nothing for " + SECONDS_MAX + " s");
        }
        return line;
    }

    int exitCode() throws InterruptedException {
        return process.waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
