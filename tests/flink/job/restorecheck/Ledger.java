package restorecheck;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Keyed value, list and map state and timers of both kinds. An operator, not a function, because
 * only an operator can walk over all its keys and timers.
 */
public final class Ledger extends AbstractStreamOperator<Long>
        implements OneInputStreamOperator<Long, Long>, Triggerable<Long, VoidNamespace> {
    private static final long FAR_EVENT_TIME = 1L << 50;
    private static final long YEAR_2200 = 7258118400000L;

    private final String run;
    private final int textLength;

    private transient ValueState<String> text;
    private transient ValueState<Long> count;
    private transient ListState<Long> thirds;
    private transient MapState<String, Long> latest;
    private transient InternalTimerService<VoidNamespace> timers;

    public Ledger(String run, int textLength) {
        this.run = run;
        this.textLength = textLength;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        KeyedStateStore store = context.getKeyedStateStore();
        text = store.getState(new ValueStateDescriptor<>("text", Types.STRING));
        count = store.getState(new ValueStateDescriptor<>("count", Types.LONG));
        thirds = store.getListState(new ListStateDescriptor<>("thirds", Types.LONG));
        latest = store.getMapState(new MapStateDescriptor<>("latest", Types.STRING, Types.LONG));
    }

    @Override
    public void open() throws Exception {
        super.open();
        timers = getInternalTimerService("timers", VoidNamespaceSerializer.INSTANCE, this);
        record(Recorder.RESTORED);
    }

    @Override
    public void processElement(StreamRecord<Long> element) throws Exception {
        long number = element.getValue();
        long key = (Long) getCurrentKey();
        Long before = count.value();
        count.update(before == null ? 1 : before + 1);
        text.update(textOf(number, textLength));
        if (number % 3 == 0) thirds.add(number);
        latest.put("slot " + number / 7 % 5, number);
        timers.registerEventTimeTimer(VoidNamespace.INSTANCE, FAR_EVENT_TIME + key);
        timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, YEAR_2200 + number % 7);
        output.collect(new StreamRecord<>(number));
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        record(Recorder.at(context.getCheckpointId()));
    }

    @Override
    public void onEventTime(InternalTimer<Long, VoidNamespace> timer) {}

    @Override
    public void onProcessingTime(InternalTimer<Long, VoidNamespace> timer) {}

    private void record(String moment) throws Exception {
        KeyedStateBackend<Long> backend = getKeyedStateBackend();
        for (String state : List.of("count", "text", "thirds", "latest")) {
            List<Long> keys;
            try (Stream<Long> stream = backend.getKeys(state, VoidNamespace.INSTANCE)) {
                keys = stream.collect(Collectors.toList());
            }
            for (long key : keys) {
                setCurrentKey(key);
                for (Object value : valuesOfCurrentKey(state)) add(moment, state, key, value);
            }
        }
        timers.forEachEventTimeTimer(
                (n, time) -> add(moment, "event-timers", (Long) getCurrentKey(), time));
        timers.forEachProcessingTimeTimer(
                (n, time) -> add(moment, "processing-timers", (Long) getCurrentKey(), time));
    }

    private Iterable<?> valuesOfCurrentKey(String state) throws Exception {
        switch (state) {
            case "count":
                return List.of(count.value());
            case "text":
                return List.of(text.value());
            case "thirds":
                return thirds.get();
            default:
                List<String> entries = new ArrayList<>();
                for (Map.Entry<String, Long> entry : latest.entries()) {
                    entries.add(entry.getKey() + ":" + entry.getValue());
                }
                return entries;
        }
    }

    private void add(String moment, String state, long key, Object value) {
        Recorder.add(run, moment, "ledger/" + state, key + "=" + value);
    }

    /** Half words, half random letters, so that files are big enough and compress a little. */
    static String textOf(long seed, int length) {
        SplittableRandom random = new SplittableRandom(seed);
        StringBuilder out = new StringBuilder();
        while (out.length() < length) {
            if (random.nextBoolean()) out.append("the ledger says ").append(seed).append(' ');
            for (int i = 0; i < 16; i++) out.append((char) ('!' + random.nextInt(90)));
        }
        return out.toString();
    }
}
