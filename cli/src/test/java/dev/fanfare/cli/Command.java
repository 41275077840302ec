package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A process of the real launcher. What it says is read as UTF-8, line by line.
final class Command implements AutoCloseable {

    private static final int SECONDS = 60;
    private static final String END = "\u0000end";

    private final Process process;
    private final BlockingQueue<String> out = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> err = new LinkedBlockingQueue<>();
    private final List<Thread> readers = new ArrayList<>();

    private Command(Process process) {
        this.process = process;
        readers.add(read(process.getInputStream(), out));
        readers.add(read(process.getErrorStream(), err));
    }

    /// The launcher of this build.
    static Path launcher() {
        return Path.of(System.getProperty("basedir", "."))
                .toAbsolutePath()
                .normalize()
                .resolveSibling("fanfare");
    }

    static Command fanfare(String... arguments) throws IOException {
        return start(launcher(), new File("."), Map.of(), arguments);
    }

    /// @param environment what is set beside what this process has, except for anything that is a setting
    static Command start(Path launcher, File folder, Map<String, String> environment, String... arguments)
            throws IOException {
        List<String> words = new ArrayList<>(List.of(launcher.toString()));
        words.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(words).directory(folder);
        builder.environment().keySet().removeIf(name -> name.startsWith("FANFARE_") || name.endsWith("PORT"));
        builder.environment().putAll(environment);
        return new Command(builder.start());
    }

    private static Thread read(InputStream from, BlockingQueue<String> to) {
        return Thread.ofVirtual().start(() -> {
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8))) {
                lines.lines().forEach(to::add);
            } catch (IOException | java.io.UncheckedIOException e) {
                to.add("could not be read: " + e);
            }
            to.add(END);
        });
    }

    /// Gives it standard input; it may get more.
    Command input(String text) throws IOException {
        return input(text.getBytes(StandardCharsets.UTF_8));
    }

    Command input(byte[] bytes) throws IOException {
        OutputStream in = process.getOutputStream();
        in.write(bytes);
        in.flush();
        return this;
    }

    /// Ends its standard input.
    Command endInput() throws IOException {
        process.getOutputStream().close();
        return this;
    }

    /// The next line of standard output.
    String line() throws InterruptedException {
        String line = out.poll(SECONDS, TimeUnit.SECONDS);
        assertThat(line).as("a line of output; standard error: %s", err).isNotNull();
        return line;
    }

    List<String> lines(int count) throws InterruptedException {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            lines.add(line());
        }
        return lines;
    }

    /// The first line of standard output that contains a text; those before it are passed over.
    String lineWith(String text) throws InterruptedException {
        return lineWith(out, text);
    }

    /// The first line of standard error that contains a text; those before it are passed over.
    String complaintWith(String text) throws InterruptedException {
        return lineWith(err, text);
    }

    private String lineWith(BlockingQueue<String> lines, String text) throws InterruptedException {
        List<String> passed = new ArrayList<>();
        while (true) {
            String line = lines.poll(SECONDS, TimeUnit.SECONDS);
            assertThat(line)
                    .as("a line with '%s' after %s; standard error: %s", text, passed, err)
                    .isNotNull()
                    .isNotEqualTo(END);
            if (line.contains(text)) {
                return line;
            }
            passed.add(line);
        }
    }

    boolean endsWithin(Duration time) throws InterruptedException {
        return process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// Sends it a signal such as `INT`.
    void signal(String name) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    /// Waits for its end.
    int exitCode() throws InterruptedException {
        assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS))
                .as("ended; standard error: %s", err)
                .isTrue();
        for (Thread reader : readers) {
            reader.join();
        }
        return process.exitValue();
    }

    /// What it has said on standard output and nobody has asked for yet.
    List<String> output() {
        return out.stream().filter(line -> !line.equals(END)).toList();
    }

    /// What it has said on standard error and nobody has asked for yet.
    List<String> complaints() {
        return err.stream().filter(line -> !line.equals(END)).toList();
    }

    @Override
    public void close() {
        // Of a shell also what it started: the other ends of its pipes.
        List<ProcessHandle> started = process.descendants().toList();
        started.forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().orTimeout(SECONDS, TimeUnit.SECONDS).join();
    }
}
