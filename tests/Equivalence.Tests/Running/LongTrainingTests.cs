using Compat.Adapters.Runners;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using global::Comparing;
using global::Gan.Models;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Running;

/// <summary>Two thousand iterations need no more than two hundred.</summary>
public sealed class LongTrainingTests
{
    // The watch for trainings that change nothing is over by then.
    private const int Early = 200;
    private const int Late = 2000;
    private const int EpochLength = 50;

    [Theory]
    [InlineData("legacy")]
    [InlineData("migrating")]
    [InlineData("engine")]
    public void Accumulation_does_not_grow(string way)
    {
        // Both at the tenth iteration of an epoch of twenty, at the end of a window of three.
        const int early = 150;
        const int late = 1950;
        using TestRun run = new(way, epochs: 100, recorded: false, accumulate: 3);

        ShouldBeFlat(Growth.Between(early, late, run.Iterations), late - early);
    }

    [Theory]
    [InlineData("legacy")]
    [InlineData("migrating")]
    public void A_GAN_that_steps_by_itself_does_not_grow(string way)
    {
        using Digits digits = new();
        using LegacyGan model = new();
        using FusedAdam generator = new(model.Generator.parameters(), new() { Lr = 1e-3 });
        using FusedAdam discriminator = new(model.Discriminator.parameters(), new() { Lr = 1e-3 });
        using EpochBasedRunner runner = new(model, new Compat.Legacy.RunnerOptions
        {
            Optimizer = new OptimizerSet(new Dictionary<string, optim.Optimizer> { ["generator"] = generator, ["discriminator"] = discriminator }),
            Logger = new ListLogger(),
            MaxEpochs = 1 + (Late / EpochLength),
        });
        runner.RegisterTrainingHooks(new TrainingHookOptions { LogConfig = new LogConfig { Interval = EpochLength } });
        BatchLoader[] loaders = [digits.Loader];
        WorkflowStep[] workflow = [("train", 1)];

        ShouldBeFlat(Growth.Between(Early, Late, way == "legacy" ? runner.RunIterations(loaders, workflow) : runner.AsEngine(loaders, workflow).TrainIterations()), Late - Early);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_GAN_with_a_dictionary_of_wrappers_does_not_grow(bool amp)
    {
        using Digits digits = new();
        using EngineGan model = new();
        using TemporaryFolder folder = new();
        OptimWrapperOptions Wrapper() => amp
            ? new AmpOptimWrapperOptions { Optimizer = new FusedAdamOptions { Lr = 1e-3 } }
            : new OptimWrapperOptions { Optimizer = new FusedAdamOptions { Lr = 1e-3 } };
        using Compat.Engine.Runner runner = new(new Compat.Engine.RunnerOptions
        {
            Model = model,
            WorkDir = folder.Path,
            Device = CPU,
            Logger = new ListLogger(),
            TrainDataloader = digits.Loader,
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 + (Late / EpochLength) },
            OptimWrapper = new OptimWrapperDictOptions { ["generator"] = Wrapper(), ["discriminator"] = Wrapper() },
            DefaultHooks = new() { Logger = new() { Interval = EpochLength } },
        });

        ShouldBeFlat(Growth.Between(Early, Late, runner.TrainIterations()), Late - Early);
    }

    [Fact]
    public void What_grows_is_seen()
    {
        List<Tensor> tensors = [];
        List<byte[]> bytes = [];
        IEnumerable<int> Leaking()
        {
            for (int i = 1; i <= Late; i++)
            {
                tensors.Add(zeros(1));
                bytes.Add(new byte[2 * Growth.BytesPerIteration]);
                yield return i;
            }
        }

        Growth growth = Growth.Between(Early, Late, Leaking());

        growth.Tensors.Should().Be(Late - Early);
        growth.Bytes.Should().BeGreaterThan(Growth.BytesPerIteration * (Late - Early));
        tensors.ForEach(left => left.Dispose());
        bytes.Should().HaveCount(Late);
    }

    private static void ShouldBeFlat(Growth growth, int iterations)
    {
        growth.Tensors.Should().Be(0);
        growth.Bytes.Should().BeLessThan(Growth.BytesPerIteration * iterations);
    }

    // Early and Late both end an epoch.
    private sealed class Digits : IDisposable
    {
        private readonly DigitsDataset others;
        private readonly DigitsDataset all;

        public Digits()
        {
            (all, others) = DigitsDataset.Load(DigitsDataset.DefaultPath);
            Loader = new BatchLoader(new Part(all, EpochLength * 16), new BatchLoaderOptions { BatchSize = 16 });
        }

        public BatchLoader Loader { get; }

        public void Dispose()
        {
            Loader.Dispose();
            all.Dispose();
            others.Dispose();
        }
    }

    private sealed class Part(Dataset all, int count) : Dataset
    {
        public override int Count => count;

        public override DataBatch this[int index] => all[index];
    }
}
