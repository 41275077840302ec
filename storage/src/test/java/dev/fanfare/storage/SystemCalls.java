package dev.fanfare.storage;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a process has asked the operating system to do with files, in its order, with all that it wrote: as
/// strace saw it.
final class SystemCalls {

    private static final List<String> STRACE = List.of(
            "strace",
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-y",
            "-s8388608",
            "-esignal=none",
            "-etrace=openat,open,creat,mkdir,mkdirat,rmdir,write,pwrite64,writev,pwritev,pwritev2,copy_file_range,"
                    + "sendfile,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,link,linkat,unlink,"
                    + "unlinkat,truncate,ftruncate,fallocate");

    private static final Pattern LINE = Pattern.compile("^(\\d+) +(.*)$");
    private static final Pattern CALL = Pattern.compile("^(\\w+)\\((.*)\\) += (-?\\d+)[^)\"]*$", Pattern.DOTALL);
    private static final Pattern BEGUN = Pattern.compile("^(\\w+)\\((.*)$", Pattern.DOTALL);
    private static final Pattern RESUMED = Pattern.compile("^<\\.\\.\\. \\w+ resumed>,? ?(.*)$", Pattern.DOTALL);
    private static final String UNFINISHED = " <unfinished ...>";

    /// A call, or that one has begun.
    ///
    /// @param thread which made it
    /// @param ended whether it has come back; else it has only begun
    /// @param arguments as far as they are known
    /// @param result what it returned, when it has
    record Call(String thread, String name, boolean ended, Arguments arguments, long result) {}

    private SystemCalls() {}

    /// Whether a process can be traced here.
    static boolean canBeTraced() throws InterruptedException {
        try {
            List<String> words = new ArrayList<>(STRACE);
            words.addAll(List.of("-o/dev/null", "true"));
            Process tried = new ProcessBuilder(words)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return tried.waitFor(20, TimeUnit.SECONDS) && tried.exitValue() == 0;
        } catch (IOException missing) {
            return false;
        }
    }

    /// Runs a process to its end.
    ///
    /// @param trace where strace writes
    static List<Call> of(Path trace, List<String> command) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(STRACE);
        words.add("-o" + trace);
        words.addAll(command);
        Process process = new ProcessBuilder(words)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        int code = process.waitFor();
        if (code != 0) {
            throw new AssertionError("the process ended with " + code);
        }
        return read(Files.readAllLines(trace, StandardCharsets.ISO_8859_1));
    }

    private static List<Call> read(List<String> lines) {
        List<Call> calls = new ArrayList<>();
        Map<String, String> begun = new HashMap<>();
        for (String each : lines) {
            Matcher line = LINE.matcher(each);
            if (!line.matches()) {
                throw new AssertionError("a line of the trace can't be read: " + each);
            }
            String thread = line.group(1);
            String text = line.group(2);
            if (text.endsWith(UNFINISHED)) {
                String whole = text.substring(0, text.length() - UNFINISHED.length());
                begun.put(thread, whole);
                begin(calls, thread, whole);
                continue;
            }
            Matcher resumed = RESUMED.matcher(text);
            if (resumed.matches()) {
                String before = begun.remove(thread);
                if (before == null) {
                    throw new AssertionError("a call goes on that has not begun: " + each);
                }
                boolean between = !before.endsWith("(") && !resumed.group(1).startsWith(")");
                text = before + (between ? ", " : "") + resumed.group(1);
            } else {
                begin(calls, thread, text);
            }
            Matcher call = CALL.matcher(text);
            if (call.matches()) {
                calls.add(new Call(
                        thread, call.group(1), true, new Arguments(call.group(2)), Long.parseLong(call.group(3))));
            }
        }
        return calls;
    }

    private static void begin(List<Call> calls, String thread, String text) {
        Matcher call = BEGUN.matcher(text);
        if (call.matches() && call.group(1).endsWith("sync")) {
            calls.add(new Call(thread, call.group(1), false, new Arguments(call.group(2)), 0));
        }
    }

    /// What a call was given, as strace writes it.
    record Arguments(String text) {

        private static final Pattern FILE = Pattern.compile("^(?:\\d+|AT_FDCWD)<([^>]*)>");

        /// The file of a descriptor that comes first.
        String file() {
            Matcher file = FILE.matcher(text);
            return file.find() ? file.group(1) : "";
        }

        /// The file of a descriptor that comes later.
        ///
        /// @param which 0 for the first of them
        String file(int which) {
            Matcher file = Pattern.compile("\\b\\d+<([^>]*)>").matcher(text);
            for (int i = 0; file.find(); i++) {
                if (i == which) {
                    return file.group(1);
                }
            }
            return "";
        }

        /// A text in quotes.
        ///
        /// @param which 0 for the first of them
        byte[] quoted(int which) {
            int at = 0;
            for (int i = 0; ; i++) {
                at = text.indexOf('"', at);
                if (at < 0) {
                    throw new AssertionError("no text " + which + " in " + text);
                }
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                at = unquote(at + 1, bytes);
                if (i == which) {
                    return bytes.toByteArray();
                }
            }
        }

        /// The name of a file in quotes.
        String name(int which) {
            return new String(quoted(which), StandardCharsets.UTF_8);
        }

        /// @return the place behind the quote that ends it
        private int unquote(int from, ByteArrayOutputStream target) {
            int at = from;
            while (text.charAt(at) != '"') {
                char c = text.charAt(at++);
                if (c != '\\') {
                    target.write(c);
                    continue;
                }
                char kind = text.charAt(at++);
                switch (kind) {
                    case 'n' -> target.write('\n');
                    case 't' -> target.write('\t');
                    case 'r' -> target.write('\r');
                    case 'v' -> target.write(0x0b);
                    case 'f' -> target.write('\f');
                    case '"', '\\' -> target.write(kind);
                    default -> {
                        int value = kind - '0';
                        for (int digits = 1; digits < 3 && isOctal(text.charAt(at)); digits++) {
                            value = value * 8 + text.charAt(at++) - '0';
                        }
                        target.write(value);
                    }
                }
            }
            return at + 1;
        }

        private static boolean isOctal(char c) {
            return c >= '0' && c <= '7';
        }

        /// The last number.
        long last() {
            return Long.parseLong(text.substring(text.lastIndexOf(' ') + 1));
        }

        boolean has(String word) {
            return text.contains(word);
        }
    }
}
