using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Logging;
using Compat.Torch.Optim;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Hooks;

public sealed class GradientCumulativeOptimizerHookTests
{
    private const string Resumed =
        "Resume iter number is not divisible by cumulative_iters in GradientCumulativeOptimizerHook, which means the gradient of some iters is lost and the "
        + "result may be influenced slightly.";

    /// <summary>By what the hooks of MMCV 1.6.1 and 1.7.2 divide the loss of each iteration, 's' for a step: recorded with both.</summary>
    /// <remarks>Where 1.6.1 divides by 0, which is written 0, ours divides by the length of a window.</remarks>
    public static TheoryData<int, int, int, string, string> Windows => new()
    {
        { 3, 8, 0, "3 3 3 s 3 3 3 s 2 2 s", "3 3 3 s 3 3 3 s 2 2 s" },
        { 3, 8, 3, "2 2 2 s 2 2 s", "3 3 3 s 2 2 s" },
        { 3, 8, 4, "1 1 s 1 1 s", "3 3 s 2 2 s" },
        { 3, 9, 2, "3 s 3 3 3 s 1 1 1 s", "3 s 3 3 3 s 3 3 3 s" },
        { 2, 7, 3, "2 s 0 0 s 0 s", "2 s 2 2 s 1 s" },
        { 4, 6, 5, "1 s", "2 s" },
        { 5, 3, 1, "2 2 s", "3 3 s" },
        { 2, 6, 2, "2 2 s 0 0 s", "2 2 s 2 2 s" },
        { 3, 10, 6, "1 1 1 s 1 s", "3 3 3 s 1 s" },
        { 4, 11, 1, "4 4 4 s 4 4 4 4 s 2 2 2 s", "4 4 4 s 4 4 4 4 s 3 3 3 s" },
    };

    [Theory]
    [MemberData(nameof(Windows))]
    public void A_loss_is_divided_as_in_the_version_that_the_runner_behaves_like(int iters, int max, int start, string old, string latest)
    {
        ListLogger oldLogger = new();
        ListLogger logger = new();

        string seenOld = Divisors(LegacyBehavior.V1_6_1, iters, max, start, oldLogger);
        string seen = Divisors(LegacyBehavior.V1_7_2, iters, max, start, logger);

        seenOld.Should().Be(old.Replace("0", $"{iters}", StringComparison.Ordinal));
        seen.Should().Be(latest);
        int remainder = max % iters;
        string[] resumed = start % iters == 0 ? [] : [Resumed];
        string tail = $"Loss will be divided by {remainder} in the last {remainder} iterations because they are not enough for {iters} cumulative_iters.";
        logger.LinesOfTheOriginals.Should().Equal([.. resumed, .. Enumerable.Repeat(tail, Math.Min(remainder, max - start))]);
        logger.Ours.Should().BeEmpty();
        oldLogger.LinesOfTheOriginals.Should().Equal(resumed);
        oldLogger.Ours.Select(line => line.Id).Should().Equal(old == latest ? [] : [CompatEvents.RemainderAfterResume.Id], "a quirk that acts is said once");
    }

    [Fact]
    public void The_quirk_of_old_versions_is_explained()
    {
        ListLogger wrong = new();
        ListLogger ruined = new();
        Divisors(LegacyBehavior.V1_6_1, 3, 9, 2, wrong);
        Divisors(LegacyBehavior.V1_6_1, 2, 6, 2, ruined);

        wrong.Ours.Single().Text.Should().Be(
            "From iteration 6 on (counted from 0) MMCV up to 1.6.1 divides the loss by 1, because it counts the remainder from where the training was resumed; 3 would "
            + "be right. Set RemainderRule to FromStart in the runner's Behavior for MMCV's rule from 1.6.2 on.");
        ruined.Ours.Single().Text.Should().Be(
            "From iteration 4 on (counted from 0) MMCV up to 1.6.1 divides the loss by 0, because it counts the remainder from where the training was resumed; 2 would "
            + "be right. That ruins the weights, so it is 2 here. Set RemainderRule to FromStart in the runner's Behavior for MMCV's rule from 1.6.2 on.");
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    public void Batch_norm_anywhere_in_the_model_is_warned_of_once_if_gradients_accumulate(int iters, int warnings)
    {
        ListLogger logger = new();
        using nn.Module deep = nn.Sequential(nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1)));
        using StepModel model = new();
        model.register_module("deep", deep);
        Divisors(LegacyBehavior.V1_7_2, iters, 4, 0, logger, model);

        logger.LinesOfTheOriginals.Should().Equal(Enumerable.Repeat("GradientCumulativeOptimizerHook may slightly decrease performance if the model has BatchNorm layers.", warnings));
    }

    [Fact]
    public void Instance_norm_is_no_batch_norm()
    {
        ListLogger logger = new();
        using StepModel model = new();
        using nn.Module norm = nn.InstanceNorm1d(1);
        model.register_module("norm", norm);
        Divisors(LegacyBehavior.V1_7_2, 2, 2, 0, logger, model);

        logger.Lines.Should().BeEmpty();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_window_below_1_is_refused(int iters)
    {
        string message = $"CumulativeIters is {iters}; it must be at least 1. Use 1 to update at every iteration.*";
        Action plain = () => new GradientCumulativeOptimizerConfig { CumulativeIters = iters }.Build();
        Action fp16 = () => new GradientCumulativeFp16OptimizerConfig { CumulativeIters = iters }.Build();

        plain.Should().Throw<ArgumentOutOfRangeException>().WithMessage(message);
        fp16.Should().Throw<ArgumentOutOfRangeException>().WithMessage(message);
    }

    [Fact]
    public void An_iteration_past_the_last_one_is_refused_where_there_is_no_shorter_window()
    {
        using StubStep step = new(LegacyBehavior.V1_7_2, new(), 2, max: 4, start: 4);
        Action next = step.Next;

        next.Should().Throw<InvalidOperationException>().WithMessage(
            "Iteration 4 (counted from 0) is past the last one: MaxIters is 4, a multiple of CumulativeIters 2, so there is no shorter window. Train no further than MaxIters.");
    }

    [Fact]
    public void A_runner_without_a_limit_is_named()
    {
        using StubStep step = new(LegacyBehavior.V1_7_2, new(), 2, max: null, start: 0);
        Action next = step.Next;

        next.Should().Throw<InvalidOperationException>().WithMessage("StubRunner has no MaxIters, so the last window of accumulated gradients is not known.*");
    }

    [Fact]
    public void Several_optimizers_by_name_are_refused_before_the_first_backward()
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.25);
        OptimizerSet set = new(new Dictionary<string, optim.Optimizer> { ["gen"] = optimizer });
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = set, MaxIters = 4 });
        runner.RegisterOptimizerHook(new GradientCumulativeOptimizerConfig { CumulativeIters = 3 });
        Action train = () => runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        train.Should().Throw<InvalidOperationException>().WithMessage("There are several optimizers: gen.*");

        model.Linear.weight.grad.Should().BeNull();
    }

    [Fact]
    public void Parameters_without_a_gradient_are_not_looked_for_and_that_is_said_once()
    {
        ListLogger logger = new();
        using StepModel model = new();
        using nn.Module spare = nn.Linear(1, 1);
        model.register_module("spare", spare);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.25);
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = logger, Optimizer = optimizer, MaxIters = 4 });
        runner.RegisterOptimizerHook(new GradientCumulativeOptimizerConfig { CumulativeIters = 2, DetectAnomalousParams = true });

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        logger.Ours.Where(line => line.Id == CompatEvents.AnomalousParamsNotSought.Id).Select(line => line.Text).Should().Equal(
            "DetectAnomalousParams is set, but GradientCumulativeOptimizerHook does not look for them, as in MMCV. Use an OptimizerHook for a few iterations to find them.");
        logger.Levels.Should().NotContain(Microsoft.Extensions.Logging.LogLevel.Error);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Accumulating_leaves_no_tensors(bool isFp16)
    {
        using StepModel model = new((stepped, batch) => new StepOutputs { Loss = stepped.Loss(batch), NumSamples = 1 });
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.01 });
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxIters = 40 });
        GradClipConfig clip = new(1);
        runner.RegisterOptimizerHook(isFp16
            ? new GradientCumulativeFp16OptimizerConfig { CumulativeIters = 3, GradClip = clip }
            : new GradientCumulativeOptimizerConfig { CumulativeIters = 3, GradClip = clip });
        List<long> alive = [];
        runner.RegisterHook(new ActionHook
        {
            AtAfterTrainIter = inner =>
            {
                inner.LogBuffer.Clear();
                if (inner.Iter is 17 or 35)
                {
                    alive.Add(alive.Count == 0 ? LiveTensors.Settled() : Tensor.TotalCount);
                }
            },
        });

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        alive[1].Should().Be(alive[0]);
    }

    private static string Divisors(LegacyBehavior behavior, int iters, int max, int start, ListLogger logger, StepModel? model = null)
    {
        using StubStep step = new(behavior, logger, iters, max, start, model);
        while (step.Iter < max)
        {
            step.Next();
        }

        return string.Join(' ', step.Seen);
    }

    /// <summary>Calls the hook alone, iteration by iteration, and reads from the gradient by what it divided a loss whose gradient is 1.</summary>
    private sealed class StubStep : IDisposable
    {
        private readonly StepModel model;
        private readonly optim.Optimizer optimizer;
        private readonly StubRunner runner;
        private readonly GradientCumulativeOptimizerHook hook;

        public StubStep(LegacyBehavior behavior, ListLogger logger, int iters, int? max, int start, StepModel? model = null)
        {
            this.model = model ?? new();
            optimizer = optim.SGD(this.model.parameters(), 0.25);
            runner = new(this.model, new RunnerOptions { Logger = logger, Optimizer = optimizer, Behavior = behavior }, new RunnerState { Iter = start, MaxIters = max });
            hook = new(new GradientCumulativeOptimizerConfig { CumulativeIters = iters });
            runner.Probe.Clipped += _ => Take("s");
        }

        public List<string> Seen { get; } = [];

        public int Iter => runner.Iter;

        private double Gradient => model.Linear.weight.grad is { } gradient ? gradient.item<float>() : 0;

        private double Before { get; set; }

        private bool IsTaken { get; set; }

        public void Next()
        {
            using DisposeScope scope = NewDisposeScope();
            (Before, IsTaken) = (Gradient, false);
            runner.Outputs = new StepOutputs { Loss = model.Linear.weight.sum() };
            hook.AfterTrainIter(runner);
            Take(null);
            runner.Now.Iter++;
        }

        public void Dispose()
        {
            runner.Dispose();
            optimizer.Dispose();
            model.Dispose();
        }

        // At the step, or after an iteration without one.
        private void Take(string? mark)
        {
            if (!IsTaken)
            {
                IsTaken = true;
                Seen.Add($"{Math.Round(1 / (Gradient - Before))}");
            }

            if (mark is not null)
            {
                Seen.Add(mark);
            }
        }
    }
}
