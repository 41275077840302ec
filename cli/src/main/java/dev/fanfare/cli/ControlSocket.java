package dev.fanfare.cli;

import dev.fanfare.storage.RocksStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.io.Writer;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// How `storage` commands reach the server that uses a folder: a socket in that folder, which only its owner may open.
///
/// A request is one line, words separated by tabs; what follows it is the input of the command. The answer is the
/// command's output, each line behind a `>`, how far it is, behind a `%`, and at last `ok`, or `error` with what was
/// wrong.
final class ControlSocket implements AutoCloseable {

    private static final String NAME = "control.sock";
    private static final int LONGEST_PATH = 100;

    private final Path path;
    private final ServerSocketChannel server;
    private final StorageWork work;

    private ControlSocket(Path path, ServerSocketChannel server, StorageWork work) {
        this.path = path;
        this.server = server;
        this.work = work;
    }

    /// Listens in a folder.
    ///
    /// @throws IOException when that can't be, as where the folder's name is too long
    static ControlSocket open(Path folder, StorageWork work) throws IOException {
        Path path = path(folder);
        Files.deleteIfExists(path);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(path));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
        ControlSocket socket = new ControlSocket(path, server, work);
        Thread.ofPlatform().daemon().name("fanfare-control").start(socket::accept);
        return socket;
    }

    private static Path path(Path folder) throws IOException {
        Path path = folder.toAbsolutePath().resolve(NAME);
        if (path.toString().getBytes(StandardCharsets.UTF_8).length > LONGEST_PATH) {
            throw new IOException("the name of the folder is too long for a socket in it: " + path);
        }
        return path;
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                SocketChannel peer = server.accept();
                Thread.ofPlatform().daemon().name("fanfare-control-peer").start(() -> serve(peer));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(SocketChannel peer) {
        try (peer;
                BufferedReader in = new BufferedReader(Channels.newReader(peer, StandardCharsets.UTF_8));
                PrintWriter out = new PrintWriter(Channels.newWriter(peer, StandardCharsets.UTF_8))) {
            try {
                String request = in.readLine();
                carryOut(request == null ? List.of() : List.of(request.split("\t", -1)), in, out);
                out.println("ok");
            } catch (RuntimeException | IOException e) {
                out.println("error " + String.valueOf(e.getMessage()).replace('\n', ' '));
            }
        } catch (IOException gone) {
            // Whoever asked does not wait for the answer.
        }
    }

    private static void say(PrintWriter out, String line) {
        out.println(line);
        if (out.checkError()) {
            throw new IllegalStateException("whoever asked is gone");
        }
    }

    private void carryOut(List<String> request, BufferedReader in, PrintWriter to) throws IOException {
        Consumer<String> out = line -> say(to, ">" + line);
        RocksStore.Progress progress = (done, all) -> say(to, "%" + done + " " + all);
        String command = request.isEmpty() ? "" : request.getFirst();
        switch (command) {
            case "stats" -> work.stats(out);
            case "backup" -> work.backup(request.get(1), out, progress);
            case "export" -> work.export(request.get(1), out, progress);
            case "import" -> work.importInto(request.get(1), in, out);
            default -> throw new IllegalArgumentException("there is no such request");
        }
    }

    /// Whether a server uses a folder that can be asked.
    static boolean answers(Path folder) throws IOException {
        Path path = path(folder);
        if (!Files.exists(path)) {
            return false;
        }
        try (SocketChannel peer = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return peer.connect(UnixDomainSocketAddress.of(path));
        } catch (IOException left) {
            // What a server left behind that was killed.
            return false;
        }
    }

    /// Asks the server that uses a folder.
    ///
    /// @param input what the command reads; null for nothing
    /// @param progress is told how far it is
    /// @throws IOException when no server answers, or with what it says was wrong
    static void ask(
            Path folder,
            List<String> request,
            @Nullable Reader input,
            Consumer<String> out,
            RocksStore.Progress progress)
            throws IOException {
        try (SocketChannel peer = SocketChannel.open(UnixDomainSocketAddress.of(path(folder)));
                BufferedReader in = new BufferedReader(Channels.newReader(peer, StandardCharsets.UTF_8))) {
            Writer to = Channels.newWriter(peer, StandardCharsets.UTF_8);
            to.write(String.join("\t", request) + "\n");
            to.flush();
            if (input != null) {
                pass(input, to);
            }
            peer.shutdownOutput();
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.startsWith(">")) {
                    out.accept(line.substring(1));
                } else if (line.startsWith("%")) {
                    int space = line.indexOf(' ');
                    progress.at(Long.parseLong(line, 1, space, 10), Long.parseLong(line, space + 1, line.length(), 10));
                } else if (line.equals("ok")) {
                    return;
                } else {
                    throw new IOException(line.replaceFirst("^error ", ""));
                }
            }
            throw new IOException("the server went away before it had answered");
        }
    }

    /// Passes on what a command reads, as far as the server takes it: when it has had enough, its answer says
    /// why.
    private static void pass(Reader input, Writer to) throws IOException {
        char[] buffer = new char[8 << 10];
        for (int read = input.read(buffer); read >= 0; read = input.read(buffer)) {
            try {
                to.write(buffer, 0, read);
                to.flush();
            } catch (IOException enough) {
                return;
            }
        }
    }

    @Override
    public void close() {
        try {
            server.close();
            Files.deleteIfExists(path);
        } catch (IOException e) {
            // It is of no use to anybody any more.
        }
    }
}
