package restorecheck;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;

/** Operator state of the three kinds: split list, union list, broadcast. */
public final class Notes extends RichMapFunction<Long, Long> implements CheckpointedFunction {
    private static final int KEPT = 100;

    private final String run;
    private final ArrayDeque<String> recent = new ArrayDeque<>();
    private long seen;
    private transient ListState<String> recentState;
    private transient ListState<String> seenState;
    private transient BroadcastState<Long, String> checkpoints;

    public Notes(String run) {
        this.run = run;
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
        recentState =
                context.getOperatorStateStore()
                        .getListState(new ListStateDescriptor<>("recent", Types.STRING));
        seenState =
                context.getOperatorStateStore()
                        .getUnionListState(new ListStateDescriptor<>("seen", Types.STRING));
        checkpoints =
                context.getOperatorStateStore()
                        .getBroadcastState(
                                new MapStateDescriptor<>("checkpoints", Types.LONG, Types.STRING));
        if (!context.isRestored()) return;
        for (String note : recentState.get()) recent.add(note);
        List<String> union = new ArrayList<>();
        for (String line : seenState.get()) {
            union.add(line);
            if (line.startsWith(subtask() + ":")) {
                seen = Long.parseLong(line.substring(line.indexOf(':') + 1));
            }
        }
        // Each subtask is given the whole union; one of them writes it down.
        record(Recorder.RESTORED, subtask() == 0 ? union : List.of());
    }

    @Override
    public Long map(Long number) {
        recent.add("note " + Ledger.textOf(number, 40));
        if (recent.size() > KEPT) recent.remove();
        seen++;
        Recorder.countArrived(run);
        return number;
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        List<String> own = List.of(subtask() + ":" + seen);
        recentState.update(new ArrayList<>(recent));
        seenState.update(own);
        checkpoints.put(context.getCheckpointId(), "checkpoint " + context.getCheckpointId());
        record(Recorder.at(context.getCheckpointId()), own);
    }

    private void record(String moment, List<String> union) throws Exception {
        for (String note : recent) Recorder.add(run, moment, "notes/recent", note);
        for (String line : union) Recorder.add(run, moment, "notes/seen", line);
        // Broadcast state is the same in every subtask.
        for (Map.Entry<Long, String> entry : checkpoints.immutableEntries()) {
            Recorder.add(run, moment, "notes/checkpoints", subtask() + "/" + entry);
        }
    }

    private int subtask() {
        return getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
    }
}
