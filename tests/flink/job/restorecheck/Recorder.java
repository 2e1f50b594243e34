package restorecheck;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Every entry of every state, as lines of text, by run, moment and state. Tasks and driver share
 * one JVM (MiniCluster), so static maps carry the lines from the operators to the driver. The lines
 * are kept whole and hashed sorted: two digests are equal exactly when the states are.
 */
final class Recorder {
    /** The moment right after a restore, before any record. */
    static final String RESTORED = "restored";

    private static final Map<String, Map<String, Map<String, List<String>>>> LINES =
            new ConcurrentHashMap<>();
    private static final Map<String, AtomicLong> ARRIVED = new ConcurrentHashMap<>();

    private Recorder() {}

    /** The moment of a checkpoint or savepoint. */
    static String at(long checkpoint) {
        return "checkpoint-" + checkpoint;
    }

    static void add(String run, String moment, String state, String line) {
        List<String> lines =
                LINES.computeIfAbsent(run, r -> new ConcurrentHashMap<>())
                        .computeIfAbsent(moment, m -> new ConcurrentHashMap<>())
                        .computeIfAbsent(state, s -> Collections.synchronizedList(new ArrayList<>()));
        lines.add(line);
    }

    static void countArrived(String run) {
        ARRIVED.computeIfAbsent(run, r -> new AtomicLong()).incrementAndGet();
    }

    static long arrived(String run) {
        AtomicLong count = ARRIVED.get(run);
        return count == null ? 0 : count.get();
    }

    /** State name to "number of entries:SHA-256 of the sorted entries". */
    static TreeMap<String, String> digests(String run, String moment) {
        TreeMap<String, String> digests = new TreeMap<>();
        LINES.getOrDefault(run, Map.of())
                .getOrDefault(moment, Map.of())
                .forEach((state, lines) -> digests.put(state, lines.size() + ":" + hash(lines)));
        return digests;
    }

    static void forget(String run) {
        LINES.remove(run);
        ARRIVED.remove(run);
    }

    private static String hash(List<String> lines) {
        List<String> sorted = new ArrayList<>(lines);
        Collections.sort(sorted);
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            for (String line : sorted) sha.update((line + "\n").getBytes(StandardCharsets.UTF_8));
            StringBuilder hex = new StringBuilder();
            for (byte b : sha.digest()) hex.append(String.format("%02x", b));
            return hex.toString();
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
