using Compat.Torch.Optim;
using System.Text.Json;
using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Logging;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Microsoft.Extensions.Time.Testing;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Logging;

/// <summary>Whole runs of MMEngine with an artificial clock: logger hook, log processor and timer together.</summary>
public sealed class StoredRunTests
{
    public static TheoryData<string> Ids => [.. Cases().Select(one => one.GetProperty("id").GetString()!)];

    [Fact]
    public void The_file_has_cases() => Cases().Should().NotBeEmpty();

    [Theory]
    [MemberData(nameof(Ids))]
    [Trait("Category", "Golden")]
    public void The_lines_are_those_of_the_original_character_for_character(string id)
    {
        JsonElement golden = Cases().Single(one => one.GetProperty("id").GetString() == id);
        FakeTimeProvider clock = new(new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.Zero));
        double[] losses = GoldenTensor.Numbers(golden.GetProperty("losses"));
        TimeSpan step = TimeSpan.FromSeconds(golden.GetProperty("step_seconds").Number());
        TimeSpan load = TimeSpan.FromSeconds(golden.GetProperty("data_seconds").Number());
        using TestRun run = new()
        {
            Model = new TestModel
            {
                OnStep = () => clock.Advance(step),
                Losses = (iteration, loss) => new LossDict
                {
                    ["loss"] = (loss * 0) + (float)losses[iteration],
                    ["acc"] = tensor((float)losses[iteration] / 2),
                },
            },
        };
        run.Train(run.Options with
        {
            Time = clock,
            TrainDataloader = new BatchLoader(new SlowDataset(clock, load, golden.GetProperty("loader_len").GetInt32())),
            TrainCfg = Loop(golden),
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
            ValDataloader = new BatchLoader(new SlowDataset(clock, load, golden.GetProperty("val_len").GetInt32())),
            ValEvaluator = new Evaluator(new ConstantMetric("mAP", GoldenTensor.Numbers(golden.GetProperty("metrics")))),
            DefaultHooks = new DefaultHooks
            {
                Logger = new LoggerHookOptions
                {
                    Interval = golden.GetProperty("interval").GetInt32(),
                    IgnoreLast = golden.GetProperty("ignore_last").GetBoolean(),
                },
            },
            LogProcessor = new LogProcessorOptions
            {
                ByEpoch = golden.GetProperty("by_epoch").GetBoolean(),
                WindowSize = golden.GetProperty("window_size").GetInt32(),
            },
        });

        run.LogLines.Should().Equal(golden.GetProperty("lines").EnumerateArray().Select(line => line.GetString()!));
    }

    private static TrainLoopOptions Loop(JsonElement golden)
    {
        int length = golden.GetProperty("n").GetInt32();
        int interval = golden.GetProperty("val_interval").GetInt32();
        return golden.GetProperty("by_epoch").GetBoolean()
            ? new EpochBasedTrainLoopOptions { MaxEpochs = length, ValInterval = interval }
            : new IterBasedTrainLoopOptions { MaxIters = length, ValInterval = interval };
    }

    private static IEnumerable<JsonElement> Cases() => GoldenFile.Read("log_buffers.json").GetProperty("cases").EnumerateArray().Where(one =>
        one.GetProperty("kind").GetString() == "run"
        && one.GetProperty("library").GetString() == "mmengine");

    private sealed class SlowDataset(FakeTimeProvider clock, TimeSpan load, int count) : Dataset
    {
        public override int Count => count;

        public override DataBatch this[int index]
        {
            get
            {
                clock.Advance(load);
                return new ToyBatch(ones(1), ones(1));
            }
        }
    }
}
