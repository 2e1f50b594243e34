package restorecheck;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Emits split, split + splits, split + 2 * splits, ... and pauses after `step` numbers per split
 * until a checkpoint completes, so that the state at a checkpoint does not depend on timing. With
 * step 0 it emits nothing and ends: a job that only looks at what was restored.
 */
public final class NumberSource
        implements Source<Long, NumberSource.Split, NumberSource.Handed> {
    private final String run;
    private final int splits;
    private final long step;

    public NumberSource(String run, int splits, long step) {
        this.run = run;
        this.splits = splits;
        this.step = step;
    }

    /** Numbers with n % splits == number; `position` of them were emitted. */
    public static final class Split implements SourceSplit, Serializable {
        final int number;
        long position;

        Split(int number, long position) {
            this.number = number;
            this.position = position;
        }

        @Override
        public String splitId() {
            return "split-" + number;
        }
    }

    /** Coordinator state: how many splits were handed out. */
    public static final class Handed implements Serializable {
        final int count;

        Handed(int count) {
            this.count = count;
        }
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SplitEnumerator<Split, Handed> createEnumerator(SplitEnumeratorContext<Split> context) {
        return new Enumerator(context, 0);
    }

    @Override
    public SplitEnumerator<Split, Handed> restoreEnumerator(
            SplitEnumeratorContext<Split> context, Handed state) {
        return new Enumerator(context, state.count);
    }

    @Override
    public SourceReader<Long, Split> createReader(SourceReaderContext context) {
        return new Reader();
    }

    private final class Enumerator implements SplitEnumerator<Split, Handed> {
        private final SplitEnumeratorContext<Split> context;
        private final List<Split> returned = new ArrayList<>();
        private int handed;

        Enumerator(SplitEnumeratorContext<Split> context, int handed) {
            this.context = context;
            this.handed = handed;
        }

        @Override
        public void start() {}

        @Override
        public void addReader(int subtask) {
            for (Split split : returned) context.assignSplit(split, subtask);
            returned.clear();
            // A restoring job has all its splits in the readers' state and must not get new ones.
            if (handed < splits) context.assignSplit(new Split(handed++, 0), subtask);
        }

        @Override
        public void addSplitsBack(List<Split> back, int subtask) {
            returned.addAll(back);
        }

        @Override
        public void handleSplitRequest(int subtask, String host) {}

        @Override
        public Handed snapshotState(long checkpoint) {
            return new Handed(handed);
        }

        @Override
        public void close() {}
    }

    private final class Reader implements SourceReader<Long, Split> {
        private final List<Split> mine = new ArrayList<>();
        private long emitted;
        private long allowedSteps = 1;

        @Override
        public void start() {}

        @Override
        public void addSplits(List<Split> added) {
            for (Split split : added) {
                mine.add(split);
                Recorder.add(run, Recorder.RESTORED, "source/splits", text(split));
            }
        }

        @Override
        public InputStatus pollNext(ReaderOutput<Long> output) {
            if (step == 0) return InputStatus.END_OF_INPUT;
            for (Split split : mine) {
                if (emitted >= step * allowedSteps * mine.size()) break;
                output.collect(split.number + splits * split.position++);
                emitted++;
            }
            boolean more = !mine.isEmpty() && emitted < step * allowedSteps * mine.size();
            return more ? InputStatus.MORE_AVAILABLE : InputStatus.NOTHING_AVAILABLE;
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            return CompletableFuture.runAsync(
                    () -> {}, CompletableFuture.delayedExecutor(10, TimeUnit.MILLISECONDS));
        }

        @Override
        public List<Split> snapshotState(long checkpoint) {
            List<Split> copies = new ArrayList<>();
            for (Split split : mine) {
                copies.add(new Split(split.number, split.position));
                Recorder.add(run, Recorder.at(checkpoint), "source/splits", text(split));
            }
            return copies;
        }

        @Override
        public void notifyCheckpointComplete(long checkpoint) {
            allowedSteps++;
        }

        @Override
        public void notifyNoMoreSplits() {}

        @Override
        public void close() {}

        private String text(Split split) {
            return split.number + "@" + split.position;
        }
    }

    @Override
    public SimpleVersionedSerializer<Split> getSplitSerializer() {
        return new SimpleVersionedSerializer<Split>() {
            @Override
            public int getVersion() {
                return 1;
            }

            @Override
            public byte[] serialize(Split split) throws IOException {
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                DataOutputStream out = new DataOutputStream(bytes);
                out.writeInt(split.number);
                out.writeLong(split.position);
                return bytes.toByteArray();
            }

            @Override
            public Split deserialize(int version, byte[] bytes) throws IOException {
                DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
                return new Split(in.readInt(), in.readLong());
            }
        };
    }

    @Override
    public SimpleVersionedSerializer<Handed> getEnumeratorCheckpointSerializer() {
        return new SimpleVersionedSerializer<Handed>() {
            @Override
            public int getVersion() {
                return 1;
            }

            @Override
            public byte[] serialize(Handed handed) {
                return new byte[] {(byte) handed.count};
            }

            @Override
            public Handed deserialize(int version, byte[] bytes) {
                return new Handed(bytes[0]);
            }
        };
    }
}
