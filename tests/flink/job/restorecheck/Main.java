package restorecheck;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.plugin.PluginUtils;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;

/**
 * Reads requests from standard input, one a line, and answers each with one line of JSON. All jobs
 * share one in-process Flink cluster, which makes a restore take a second instead of five.
 *
 * <pre>
 *   build  TAB name=value ...   step, checkpoints, savepoint (NATIVE, CANONICAL or empty), savepoints
 *   verify TAB name=value ...   restores and tells the state found
 * </pre>
 *
 * `conf.X=Y` sets Flink's option X of the job. The arguments of the program are options of the
 * cluster.
 */
public final class Main {
    private static int runs;

    private Main() {}

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = System.out;
        System.setOut(System.err); // Whatever Flink prints must not get between the answers.
        Map<String, String> options = new HashMap<>();
        for (String argument : arguments) put(options, argument);
        Configuration settings = Configuration.fromMap(options);
        // As Flink's own programs do: file systems come from the directory in FLINK_PLUGINS_DIR.
        FileSystem.initialize(settings, PluginUtils.createPluginManagerFromRootFolder(settings));
        MiniClusterConfiguration configuration =
                new MiniClusterConfiguration.Builder()
                        .setConfiguration(settings)
                        .setNumTaskManagers(1)
                        .setNumSlotsPerTaskManager(2 * Job.PARALLELISM)
                        .withRandomPorts()
                        .build();
        MiniCluster cluster = new MiniCluster(configuration);
        cluster.start();
        BufferedReader requests =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            answers.println(answer(cluster, line.split("\t")));
            answers.flush();
        }
        // Closing the cluster properly takes seconds and proves nothing.
        Runtime.getRuntime().halt(0);
    }

    private static String answer(MiniCluster cluster, String[] words) {
        Map<String, String> values = new HashMap<>();
        Map<String, String> settings = new HashMap<>();
        for (int i = 1; i < words.length; i++) {
            boolean setting = words[i].startsWith("conf.");
            put(setting ? settings : values, setting ? words[i].substring(5) : words[i]);
        }
        String run = "run-" + ++runs;
        Job job = null;
        try {
            long step = Long.parseLong(values.getOrDefault("step", "0"));
            job = new Job(cluster, run, step, settings);
            if (words[0].equals("verify")) {
                return "{\"ok\": true, \"states\": " + json(job.restored()) + "}";
            }
            List<Job.Snapshot> made =
                    job.build(
                            Integer.parseInt(values.get("checkpoints")),
                            values.getOrDefault("savepoint", ""),
                            values.getOrDefault("savepoints", ""));
            return made.stream()
                    .map(Main::json)
                    .collect(Collectors.joining(", ", "{\"ok\": true, \"snapshots\": [", "]}"));
        } catch (Exception e) {
            if (job != null) job.abandon();
            return "{\"ok\": false, \"error\": " + quote(causes(e)) + "}";
        } finally {
            Recorder.forget(run);
        }
    }

    private static void put(Map<String, String> map, String assignment) {
        int equals = assignment.indexOf('=');
        map.put(assignment.substring(0, equals), assignment.substring(equals + 1));
    }

    private static String causes(Throwable thrown) {
        StringBuilder out = new StringBuilder();
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            out.append(out.length() == 0 ? "" : " <- ").append(t);
        }
        return out.toString();
    }

    private static String json(Job.Snapshot snapshot) {
        return "{\"path\": "
                + quote(snapshot.path())
                + ", \"checkpoint\": "
                + snapshot.checkpoint()
                + ", \"states\": "
                + json(snapshot.states())
                + "}";
    }

    private static String json(TreeMap<String, String> map) {
        return map.entrySet().stream()
                .map(e -> quote(e.getKey()) + ": " + quote(e.getValue()))
                .collect(Collectors.joining(", ", "{", "}"));
    }

    private static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') out.append('\\').append(c);
            else if (c < ' ') out.append(' ');
            else out.append(c);
        }
        return out.append('"').toString();
    }
}
