using Compat.Adapters.Models;
using Compat.Adapters.Runners;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Native;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using static TorchSharp.torch;
using EngineHook = Compat.Engine.Hooks.Hook;

namespace Compat.Adapters.Tests.Runners;

public sealed class LegacyValLoopTests
{
    private static BatchLoader Loader => new(new RampDataset(8), new BatchLoaderOptions { BatchSize = 3 });

    [Fact]
    public void A_val_flow_gives_the_engine_the_means_that_MMCV_prints()
    {
        using ValidatingModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.01 });
        ListLogger logger = new();
        using EpochBasedRunner legacy = new(model, new() { Logger = logger, Optimizer = optimizer, MaxEpochs = 1 });
        legacy.RegisterTrainingHooks(new() { OptimizerConfig = new OptimizerConfig(), LogConfig = new LogConfig { Interval = 3 } });
        Means means = new();
        using Compat.Engine.Runner engine = legacy.AsEngine([Loader, Loader], [("train", 1), ("val", 1)]);
        engine.RegisterHook(means);

        engine.Train();

        double weighted = model.Validated.Sum(step => step.Loss * step.Samples) / 8;
        means.Values.Should().HaveCount(3);
        means.Values["loss"].Should().BeApproximately(weighted, 1e-12);
        means.Values["val_loss"].Should().Be(means.Values["loss"], "the term is not added to the total");
        means.Values["acc"].Should().Be(0.25);
        weighted.Should().NotBeApproximately(model.Validated.Average(step => step.Loss), 1e-6, "the last batch is smaller");
        logger.Lines.Should().ContainSingle(line => line.StartsWith("Epoch(val) [1][3]", StringComparison.Ordinal));
        model.Optimizers.Should().OnlyContain(given => ReferenceEquals(given, legacy.Optimizer));
    }

    [Fact]
    public void A_runner_by_iteration_hands_no_optimizer_to_the_validation_as_in_MMCV()
    {
        using ValidatingModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.01 });
        using IterBasedRunner legacy = new(model, new() { Logger = new ListLogger(), Optimizer = optimizer, MaxIters = 4 });
        legacy.RegisterOptimizerHook(new OptimizerConfig());
        using Compat.Engine.Runner engine = legacy.AsEngine([Loader, Loader], [("train", 2), ("val", 1)]);

        engine.Train();

        model.Optimizers.Should().HaveCount(2).And.OnlyContain(given => given == null);
        (legacy.Iter, legacy.Epoch).Should().Be((4, 0), "the epoch lags one iteration behind");
    }

    [Fact]
    public void Parts_that_a_hook_switches_before_a_validation_stay_so_on_both_sides()
    {
        foreach (bool onEngine in (bool[])[false, true])
        {
            using ValidatingModel model = new();
            using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.01 });
            using EpochBasedRunner legacy = new(model, new() { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 1 });
            legacy.RegisterOptimizerHook(new OptimizerConfig());
            List<bool> modes = [];
            legacy.RegisterHook(new Switching(modes));
            if (onEngine)
            {
                legacy.AsEngine([Loader, Loader], [("train", 1), ("val", 1)]).Train();
            }
            else
            {
                legacy.Run([Loader, Loader], [("train", 1), ("val", 1)]);
            }

            modes.Should().Equal(true, true, true);
        }
    }

    [Fact]
    public void A_native_runner_validates_with_the_old_step()
    {
        using TemporaryFolder folder = new();
        using ValidatingModel model = new();
        using Compat.Engine.Runner runner = Native(model.AsEngine(), folder.Path);

        runner.Train();

        double weighted = model.Validated.TakeLast(3).Sum(step => step.Loss * step.Samples) / 8;
        runner.ValLoop!.Metrics.Keys.Should().Equal("loss", "acc", "val_loss");
        runner.ValLoop.Metrics["val_loss"].Number.Should().BeApproximately(weighted, 1e-12);
        model.Validated.Should().HaveCount(6, "it was validated after each of 2 epochs");
    }

    [Fact]
    public void Terms_without_a_total_are_added_up()
    {
        using TemporaryFolder folder = new();
        using ValidatingModel model = new(loss => new LogVars { ["loss_a"] = loss, ["loss_b"] = 1 });
        using Compat.Engine.Runner runner = Native(model.AsEngine(), folder.Path);

        IReadOnlyDictionary<string, Compat.Engine.Evaluation.MetricValue> metrics = runner.Val();

        metrics["val_loss"].Number.Should().Be(metrics["loss_a"].Number + 1);
    }

    [Fact]
    public void A_model_without_a_validation_step_is_refused_before_it_trains()
    {
        using TemporaryFolder folder = new();
        using ProbeModel model = new(new());

        Action make = () => Native(model.AsEngine(), folder.Path);

        make.Should().Throw<ArgumentException>().WithMessage("ValDataloader is set, but ProbeModel overrides neither Predict nor ValStep.*");
    }

    [Fact]
    public void A_validation_by_itself_shows_the_old_runner_nothing()
    {
        using ValidatingModel model = new();
        using EpochBasedRunner legacy = new(model, new() { Logger = new ListLogger(), MaxEpochs = 1 });
        List<bool> modes = [];
        legacy.RegisterHook(new Switching(modes));
        using Compat.Engine.Runner engine = legacy.AsEngine([Loader, Loader], [("train", 1), ("val", 1)]);

        engine.Val().Should().ContainKey("val_loss");

        modes.Should().BeEmpty();
        legacy.Mode.Should().BeNull();
    }

    [Fact]
    public void No_iteration_of_a_workflow_reads_a_value()
    {
        using ValidatingModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.01 });
        using EpochBasedRunner legacy = new(model, new() { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 3 });
        legacy.RegisterOptimizerHook(new OptimizerConfig());
        Reads reads = new();
        using Compat.Engine.Runner engine = legacy.AsEngine([Loader, Loader], [("train", 1), ("val", 1)]);
        engine.RegisterHook(reads);

        engine.Train();

        reads.PerPass.Should().HaveCount(6).And.OnlyContain(count => count == 0);
    }

    [Fact]
    public void Live_tensors_do_not_grow_from_epoch_to_epoch()
    {
        using ValidatingModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.01 });
        using EpochBasedRunner legacy = new(model, new() { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 20 });
        legacy.RegisterOptimizerHook(new Fp16OptimizerConfig());
        List<long> live = [];
        using Compat.Engine.Runner engine = legacy.AsEngine([Loader, Loader], [("train", 1), ("val", 1)]);
        engine.RegisterHook(new Counting(live));

        LiveTensors.Settled();                                        // what earlier tests left must not end in between
        engine.Train();

        live.Should().HaveCount(20);
        live[19].Should().Be(live[2]);
    }

    private static Compat.Engine.Runner Native(LegacyModelAdapter model, string folder) => new(new()
    {
        Model = model,
        WorkDir = folder,
        Device = CPU,
        TrainDataloader = Loader,
        TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 2 },
        OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
        ValDataloader = Loader,
        Logger = new ListLogger(),
    });

    private sealed class Means : EngineHook
    {
        public Dictionary<string, double> Values { get; } = [];

        public override void AfterValEpoch(Compat.Engine.Runner runner, AfterValEpochArguments arguments)
        {
            foreach ((string name, Compat.Engine.Evaluation.MetricValue value) in arguments.Metrics)
            {
                Values[name] = value.Number;
            }
        }
    }

    private sealed class Reads : EngineHook
    {
        private long before;

        public List<long> PerPass { get; } = [];

        public override void BeforeTrainEpoch(Compat.Engine.Runner runner) => before = HostRead.Count;

        public override void AfterTrainEpoch(Compat.Engine.Runner runner) => PerPass.Add(HostRead.Count - before);

        public override void BeforeValIter(Compat.Engine.Runner runner, BeforeIterArguments arguments) =>
            before = arguments.BatchIndex == 0 ? HostRead.Count : before;

        public override void AfterValIter(Compat.Engine.Runner runner, AfterValIterArguments arguments)
        {
            if (arguments.BatchIndex == 2)
            {
                PerPass.Add(HostRead.Count - before);
            }
        }
    }

    private sealed class Counting(List<long> live) : EngineHook
    {
        public override void BeforeTrainEpoch(Compat.Engine.Runner runner) => live.Add(Tensor.TotalCount);
    }

    private sealed class Switching(List<bool> modes) : Hook
    {
        public override void BeforeValEpoch(BaseRunner runner) => runner.Model.train();

        public override void AfterValIter(BaseRunner runner) => modes.Add(runner.Model.training);
    }
}
