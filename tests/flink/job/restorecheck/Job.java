package restorecheck;

import java.io.DataInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** One run of the job: source -> ledger (keyed) -> notes (operator state) -> nowhere. */
final class Job {
    static final int PARALLELISM = 2;
    private static final int MAX_PARALLELISM = 16;
    private static final int KEYS = 1500;
    private static final int TEXT_LENGTH = 200;
    private static final long WAIT_SECONDS = 90;

    /** What a run left behind, and what its state was at that moment. */
    record Snapshot(String path, long checkpoint, TreeMap<String, String> states) {}

    private final MiniCluster cluster;
    private final String run;
    private final long step;
    private final JobID id;

    /** `settings` are Flink options of the job; step 0 emits nothing and ends. */
    Job(MiniCluster cluster, String run, long step, Map<String, String> settings) throws Exception {
        this.cluster = cluster;
        this.run = run;
        this.step = step;
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.getExecutionEnvironment(
                        Configuration.fromMap(settings));
        environment.setParallelism(PARALLELISM);
        environment.setMaxParallelism(MAX_PARALLELISM);
        environment
                .fromSource(
                        new NumberSource(run, PARALLELISM, step),
                        WatermarkStrategy.noWatermarks(),
                        "numbers",
                        Types.LONG)
                .uid("numbers")
                .keyBy(number -> number % KEYS, Types.LONG)
                .transform("ledger", Types.LONG, new Ledger(run, TEXT_LENGTH))
                .uid("ledger")
                .rebalance()
                .map(new Notes(run))
                .returns(Types.LONG)
                .uid("notes")
                .sinkTo(new DiscardingSink<>())
                .uid("nowhere");
        JobGraph graph = environment.getStreamGraph().getJobGraph();
        id = cluster.submitJob(graph).get(WAIT_SECONDS, TimeUnit.SECONDS).getJobID();
    }

    /** Lets the job go `checkpoints` steps with a checkpoint after each, then stops it. */
    List<Snapshot> build(int checkpoints, String savepointFormat, String savepointDir)
            throws Exception {
        List<Snapshot> made = new ArrayList<>();
        for (int n = 1; n <= checkpoints; n++) {
            awaitArrived(step * PARALLELISM * n);
            made.add(snapshot(cluster.triggerCheckpoint(id).get(WAIT_SECONDS, TimeUnit.SECONDS)));
        }
        if (!savepointFormat.isEmpty()) {
            awaitArrived(step * PARALLELISM * (checkpoints + 1));
            SavepointFormatType format = SavepointFormatType.valueOf(savepointFormat);
            made.add(
                    snapshot(
                            cluster.triggerSavepoint(id, savepointDir, false, format)
                                    .get(WAIT_SECONDS, TimeUnit.SECONDS)));
        }
        cluster.cancelJob(id).get(WAIT_SECONDS, TimeUnit.SECONDS);
        cluster.requestJobResult(id).get(WAIT_SECONDS, TimeUnit.SECONDS);
        // Retention and CLAIM may have deleted the older ones meanwhile.
        made.removeIf(s -> !new File(localPath(s.path()), "_metadata").exists());
        return made;
    }

    /** Waits until the job has ended by itself, and gives the state that was restored. */
    TreeMap<String, String> restored() throws Exception {
        JobResult result = cluster.requestJobResult(id).get(WAIT_SECONDS, TimeUnit.SECONDS);
        if (result.getSerializedThrowable().isPresent()) {
            throw new Exception(
                    "the job failed",
                    result.getSerializedThrowable()
                            .get()
                            .deserializeError(Job.class.getClassLoader()));
        }
        return Recorder.digests(run, Recorder.RESTORED);
    }

    /** For a job that failed us: it must not go on in the shared cluster. */
    void abandon() {
        cluster.cancelJob(id);
    }

    private Snapshot snapshot(String uri) throws IOException {
        String path = localPath(uri);
        long checkpoint;
        try (DataInputStream in =
                new DataInputStream(new FileInputStream(new File(path, "_metadata")))) {
            in.readInt(); // magic
            in.readInt(); // version
            checkpoint = in.readLong();
        }
        return new Snapshot(path, checkpoint, Recorder.digests(run, Recorder.at(checkpoint)));
    }

    private void awaitArrived(long count) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        while (Recorder.arrived(run) < count) {
            JobStatus status = cluster.getJobStatus(id).get(WAIT_SECONDS, TimeUnit.SECONDS);
            if (status.isGloballyTerminalState()) {
                restored();
                throw new Exception("the job ended early: " + status);
            }
            if (System.nanoTime() > deadline) {
                throw new Exception(
                        "only " + Recorder.arrived(run) + " of " + count + " records arrived: " + status);
            }
            Thread.sleep(10);
        }
    }

    private static String localPath(String uri) {
        return uri.replaceFirst("^file:/*", "/");
    }
}
