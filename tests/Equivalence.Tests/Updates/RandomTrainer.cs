using System.Globalization;
using Compat.Adapters.Optim;
using Compat.Adapters.Runners;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Amp;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using Microsoft.Extensions.Time.Testing;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Updates;

/// <summary>An old trainer that a number decides about: its runner, hook, clipping, schedule, workflow and data. It writes down what hooks see.</summary>
internal sealed class RandomTrainer : IDisposable
{
    private readonly List<IDisposable> owned = [];
    private readonly WorkflowRunner runner;
    private readonly BatchLoader[] loaders;
    private readonly WorkflowStep[] workflow;
    private readonly List<string> calls = [];
    private readonly ListLogger logger = new();
    private readonly ValModel model;

    public RandomTrainer(int number)
    {
        Random random = new(number);
        model = Own(new ValModel());
        optim.Optimizer optimizer = Own<optim.Optimizer>(random.Next(3) switch
        {
            0 => new FusedSgd(model.parameters(), new() { Lr = 0.02, Momentum = 0.9 }),
            1 => new FusedAdam(model.parameters(), new() { Lr = 0.01 }),
            _ => new FusedSgd(model.Net.First.parameters(), new() { Lr = 0.03 }),  // the clip covers more than the optimizer holds
        });
        ByEpoch = random.Next(2) == 0;
        OptimizerConfig hook = Hook(random);
        LegacyBehavior behavior = new()
        {
            ZeroFilledGradients = random.Next(4) == 0,
            RemainderRule = random.Next(4) == 0 ? RemainderRule.FromResume : RemainderRule.FromStart,
        };
        RunnerOptions options = new() { Logger = logger, Optimizer = optimizer, Time = new FakeTimeProvider(), Behavior = behavior };
        runner = Own<WorkflowRunner>(ByEpoch
            ? new EpochBasedRunner(model, options with { MaxEpochs = random.Next(1, 5) })
            : new IterBasedRunner(model, options with { MaxIters = random.Next(1, 20) }));
        runner.RegisterTrainingHooks(new()
        {
            LrConfig = Schedule(random),
            OptimizerConfig = hook,
            LogConfig = new LogConfig { Interval = random.Next(1, 4) },
        });
        runner.RegisterHook(new Witness(calls, model), HookPriority.Lowest);
        int cumulative = (hook as GradientCumulativeOptimizerConfig)?.CumulativeIters ?? (hook as GradientCumulativeFp16OptimizerConfig)?.CumulativeIters ?? 1;
        IsNotTranslated = cumulative > 1 && behavior.RemainderRule == RemainderRule.FromResume;
        bool overflows = hook is Fp16OptimizerConfig && random.Next(2) == 0;
        workflow = random.Next(3) switch { 0 => [("train", 1)], 1 => [("train", random.Next(1, 3)), ("val", 1)], _ => [("val", 1), ("train", 2), ("val", 2)] };
        loaders = [.. workflow.Select(flow => Loader(flow.Mode == "train" ? 7 : 5, random.Next(1, 4), overflows))];
        if (random.Next(3) == 0)
        {
            int length = loaders[workflow.ToList().FindIndex(flow => flow.Mode == "train")].Length;
            runner.UseState(new RunnerState { MaxEpochs = runner.MaxEpochs, MaxIters = runner.MaxIters, Epoch = ByEpoch ? 1 : 0, Iter = ByEpoch ? length : random.Next(1, 6) });
        }
    }

    public bool ByEpoch { get; }

    /// <summary>Gets whether a translation is refused on purpose: COMPAT0208.</summary>
    public bool IsNotTranslated { get; }

    /// <summary>Gets what hooks saw at each point, weights to the last bit, and the lines of the log.</summary>
    public IReadOnlyList<string> Seen => [.. calls, .. logger.LinesOfTheOriginals.Where(line => line.StartsWith("Epoch", StringComparison.Ordinal) || line.StartsWith("Iter", StringComparison.Ordinal))];

    public RandomTrainer Run()
    {
        WriteDownLosses(() => runner.Run(loaders, workflow));
        return this;
    }

    public RandomTrainer RunOnEngine(Optimization optimization)
    {
        using Compat.Engine.Runner engine = runner.AsEngine(loaders, workflow, new() { Optimization = optimization });
        WriteDownLosses(() => engine.Train());
        return this;
    }

    public void Dispose()
    {
        owned.Reverse();
        owned.ForEach(item => item.Dispose());
    }

    private static OptimizerConfig Hook(Random random)
    {
        GradClipConfig? clip = random.Next(2) == 0 ? new(0.4 + random.NextDouble(), random.Next(2) == 0 ? 2 : 1) : null;
        LossScale scale = random.Next(2) == 0 ? 256 : new GradScalerOptions { InitScale = 128, GrowthInterval = 3 };
        int cumulative = random.Next(1, 5);
        return random.Next(4) switch
        {
            0 => new OptimizerConfig { GradClip = clip },
            1 => new GradientCumulativeOptimizerConfig { GradClip = clip, CumulativeIters = cumulative },
            2 => new Fp16OptimizerConfig { GradClip = clip, LossScale = scale, Dtype = ScalarType.BFloat16 },
            _ => new GradientCumulativeFp16OptimizerConfig { GradClip = clip, LossScale = scale, Dtype = ScalarType.BFloat16, CumulativeIters = cumulative },
        };
    }

    private static LrConfig? Schedule(Random random)
    {
        Warmup warmup = random.Next(2) == 0 ? Warmup.None : random.Next(2) == 0 ? Warmup.Linear : Warmup.Exp;
        return random.Next(3) switch
        {
            0 => null,
            1 => new StepLrConfig { Step = [1, 3], Warmup = warmup, WarmupIters = 3, WarmupRatio = 0.2 },
            _ => new PolyLrConfig { Power = 0.9, MinLr = 1e-4, Warmup = warmup, WarmupIters = 3, WarmupRatio = 0.2 },
        };
    }

    private static BatchLoader Loader(int samples, int batch, bool overflows) => new(new Samples(samples, overflows), new BatchLoaderOptions { BatchSize = batch });

    // A loss that is not finite ends the training unless a scaler leaves its update out.
    private void WriteDownLosses(Action run)
    {
        try
        {
            run();
        }
        catch (NonFiniteLossException exception)
        {
            calls.Add(exception.Message);
        }
    }

    private T Own<T>(T item)
        where T : IDisposable
    {
        owned.Add(item);
        return item;
    }

    private sealed class Samples(int count, bool overflows) : Dataset
    {
        public override int Count => count;

        public override DataBatch this[int index] => new ToyBatch(full(1, MathF.Sin(index)), full(1, overflows && index == 4 ? 1e37f : 1 - (index / 5f)));
    }

    private sealed class ValModel : nn.Module, ITrainStep, IValStep
    {
        private readonly UpdateNet net = new(lowersPrecision: true);

        public ValModel()
            : base(nameof(ValModel)) => RegisterComponents();

        public UpdateNet Net => net;

        public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
        {
            Tensor loss = net.Loss((ToyBatch)data);
            return new() { Loss = loss, NumSamples = data.Indices.Count, LogVars = new LogVars { ["loss"] = loss, ["twice"] = 2 * loss } };
        }

        public StepOutputs ValStep(DataBatch data, OptimizerSet? optimizer) =>
            TrainStep(data, optimizer) with { LogVars = new LogVars { ["val_loss"] = net.Loss((ToyBatch)data), ["optimizers"] = optimizer is null ? 0 : 1 } };
    }

    /// <summary>Writes down each point with all that it sees.</summary>
    private sealed class Witness(List<string> calls, ValModel model) : Hook
    {
        public override void BeforeRun(BaseRunner runner) => Add(nameof(BeforeRun), runner);

        public override void AfterRun(BaseRunner runner) => Add(nameof(AfterRun), runner);

        public override void BeforeEpoch(BaseRunner runner) => Add(nameof(BeforeEpoch), runner);

        public override void AfterEpoch(BaseRunner runner) => Add(nameof(AfterEpoch), runner);

        public override void BeforeIter(BaseRunner runner) => Add(nameof(BeforeIter), runner);

        public override void AfterIter(BaseRunner runner) => Add(nameof(AfterIter), runner);

        private void Add(string point, BaseRunner runner)
        {
            using DisposeScope scope = NewDisposeScope();
            calls.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{point} epoch {runner.Epoch} iter {runner.Iter} inner {runner.InnerIter} max {runner.MaxEpochs} {runner.MaxIters} mode {runner.Mode} training {model.training} "
                + $"loader {runner.DataLoader?.Length} batch [{string.Join(' ', runner.DataBatch?.Indices ?? [])}] lr {runner.CurrentLr().First:R} "
                + $"loss {runner.Outputs?.Loss?.item<float>():R} logged {string.Join(' ', runner.LogBuffer.Names)} "
                + $"weights {Bits(model.parameters())} gradients {Bits(model.parameters().Select(parameter => parameter.grad).OfType<Tensor>())}"));
        }

        private static string Bits(IEnumerable<Tensor> tensors) => Convert.ToHexString([.. tensors.SelectMany(tensor => tensor.detach().clone().bytes.ToArray())]);
    }
}
