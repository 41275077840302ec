package dev.fanfare.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// How the server is during a load: what its own figures say and, of a process on this machine, what the system says.
/// One thread. What can't be told is NaN.
final class LoadHealth {

    private static final double TICKS_PER_SECOND = 100;
    private static final Pattern CPU = Pattern.compile("(?m)^process_cpu_seconds_total(?:\\{[^}]*})? ([0-9.eE+]+)$");
    private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB$");

    private final Remote remote;
    private final @Nullable Long pid;
    private boolean figures = true;
    private boolean metrics = true;
    private double cpuBefore = Double.NaN;
    private long nanosBefore;
    private @Nullable String silence;

    /// @param cpu cores that it kept busy since the reading before
    /// @param memory bytes: of the process, or of its heap
    /// @param queue the largest lag of a subscription
    record Reading(double cpu, double memory, double queue) {}

    /// @param pid of the server's process on this machine; null when it is not told
    LoadHealth(Remote remote, @Nullable Long pid) {
        this.remote = remote;
        this.pid = pid;
    }

    /// Why the server's own figures are missing; null when they are not.
    @Nullable
    String silence() {
        return silence;
    }

    Reading read() throws InterruptedException {
        double memory = Double.NaN;
        double queue = Double.NaN;
        double cpu = Double.NaN;
        JsonNode figure = figures ? figures() : null;
        if (figure != null) {
            for (JsonNode usage : figure.path("usage")) {
                if (usage.path("what").asString().equals("heap bytes")) {
                    memory = usage.path("used").asDouble();
                }
            }
            JsonNode samples = figure.path("samples");
            if (!samples.isEmpty()) {
                queue = samples.get(samples.size() - 1).path("queue_depth").asDouble(Double.NaN);
            }
        }
        if (pid != null) {
            cpu = ticks() / TICKS_PER_SECOND;
            memory = resident(memory);
        } else if (metrics) {
            cpu = ownCpu();
        }
        long now = System.nanoTime();
        double busy = (cpu - cpuBefore) / ((now - nanosBefore) / 1e9);
        cpuBefore = cpu;
        nanosBefore = now;
        return new Reading(busy, memory, queue);
    }

    private @Nullable JsonNode figures() throws InterruptedException {
        try {
            return remote.get("/figures");
        } catch (Remote.Refused e) {
            // One that has no right has none in a second either; one that is too busy may answer then.
            figures = e.unreachable() || e.status() == 503;
            silence = e.getMessage();
            return null;
        }
    }

    private double ownCpu() throws InterruptedException {
        try {
            Matcher found = CPU.matcher(remote.text("GET", "/metrics", ""));
            metrics = found.find();
            return metrics ? Double.parseDouble(found.group(1)) : Double.NaN;
        } catch (Remote.Refused e) {
            metrics = e.unreachable() || e.status() == 503;
            return Double.NaN;
        }
    }

    private double ticks() {
        try {
            String stat = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"));
            List<String> fields =
                    List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
            return Long.parseLong(fields.get(11)) + Long.parseLong(fields.get(12));
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    private double resident(double otherwise) {
        try {
            Matcher found = RESIDENT.matcher(Files.readString(Path.of("/proc", String.valueOf(pid), "status")));
            return found.find() ? Long.parseLong(found.group(1)) * 1024.0 : otherwise;
        } catch (IOException e) {
            return otherwise;
        }
    }
}
