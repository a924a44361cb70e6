using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Hooks;

public sealed class OptimizerHookTests
{
    [Fact]
    public void The_weights_are_updated_at_the_point_after_the_iteration()
    {
        using StepModel model = new();
        List<double> weights = [];
        Train(
            model,
            new OptimizerConfig(),
            (new ActionHook { AtAfterTrainIter = _ => weights.Add(model.Weight) }, HookPriority.High),
            (new ActionHook { AtAfterTrainIter = _ => weights.Add(model.Weight) }, HookPriority.Normal));

        // d/dw (w - 1)² = 2 (w - 1) = -1 at 0.5, times the learning rate 0.25.
        weights.Should().Equal(0.5, 0.75);
    }

    [Fact]
    public void Gradients_stay_in_place_after_the_step()
    {
        using StepModel model = new();
        double gradient = 0;
        Train(model, new OptimizerConfig(), (new ActionHook { AtAfterTrainIter = _ => gradient = model.Linear.weight.grad!.item<float>() }, HookPriority.Normal));

        gradient.Should().Be(-1);
    }

    [Fact]
    public void Gradients_from_before_are_cleared_first()
    {
        using StepModel model = new();
        Train(
            model,
            new OptimizerConfig(),
            (new ActionHook { AtBeforeTrainIter = runner => (model.Loss(runner.DataBatch!) * 100).backward() }, HookPriority.Normal));

        model.Weight.Should().Be(0.75, "the stale gradient of -100 is gone");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Cleared_gradients_are_null_or_zero_as_asked_for(bool zeroFilled)
    {
        using TwoBranchModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.25);
        LegacyBehavior behavior = LegacyBehavior.V1_7_2 with { ZeroFilledGradients = zeroFilled };
        using EpochBasedRunner runner = new(
            model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 1, Behavior = behavior });
        runner.RegisterOptimizerHook(new OptimizerConfig());

        runner.Run([ToyDataset.Loader(4)], [("train", 1)]);

        // The first iteration used the first branch, the second one the other.
        using DisposeScope scope = NewDisposeScope();
        Tensor? gradient = model.First.weight.grad;
        (gradient is null).Should().Be(!zeroFilled);
        if (gradient is not null)
        {
            gradient.item<float>().Should().Be(0);
        }
    }

    [Theory]
    [InlineData(null, -1.0, -1.0)]
    [InlineData(0.25, -1.0, -0.25)]
    public void The_probe_is_told_of_gradients_before_and_after_clipping_and_before_the_step(double? maxNorm, double gradient, double clipped)
    {
        using StepModel model = new(static (model, batch) => new StepOutputs { Loss = model.Loss(batch), NumSamples = 1 });
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.25);
        IterationProbe probe = new();
        List<(string What, double Gradient, double Weight)> heard = [];
        void Hear(string what, optim.Optimizer told)
        {
            told.Should().BeSameAs(optimizer);
            heard.Add((what, Math.Round(model.Linear.weight.grad!.item<float>(), 5), model.Weight));
        }

        probe.Gradients += told => Hear("gradients", told);
        probe.Clipped += told => Hear("clipped", told);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 1, Probe = probe });
        runner.RegisterOptimizerHook(new OptimizerConfig { GradClip = maxNorm is { } norm ? new GradClipConfig(norm) : null });

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        heard.Should().Equal(("gradients", gradient, 0.5), ("clipped", clipped, 0.5));
    }

    [Fact]
    public void An_optimizer_that_was_disposed_says_so()
    {
        using StepModel model = new();
        optim.Optimizer optimizer = optim.Adam(model.parameters());
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 1 });
        runner.RegisterOptimizerHook(new OptimizerConfig());
        optimizer.Dispose();
        Action act = () => runner.Run([ToyDataset.Loader(4)], [("train", 1)]);

        act.Should().Throw<ObjectDisposedException>().WithMessage("Adam was disposed, and what it remembered of the parameters is gone.*");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    [InlineData(double.PositiveInfinity)]
    public void Clipping_limits_the_step_and_logs_the_norm_before_clipping(double normType)
    {
        using StepModel model = new((stepped, batch) => new StepOutputs { Loss = stepped.Loss(batch), NumSamples = 2, LogVars = [] });
        double norm = 0;
        Train(
            model,
            new OptimizerConfig { GradClip = new GradClipConfig(0.5, normType) },
            (new ActionHook { AtAfterTrainIter = runner => norm = Average(runner)["grad_norm"] }, HookPriority.Normal));

        norm.Should().Be(1);
        GoldenTolerance.IsSameFloat(0.5 + (0.25 * 0.5), model.Weight).Should().BeTrue("the gradient of 1 became 0.5");
    }

    [Fact]
    public void Clipping_that_is_not_reached_changes_nothing()
    {
        using StepModel model = new((stepped, batch) => new StepOutputs { Loss = stepped.Loss(batch), NumSamples = 2 });
        Train(model, new OptimizerConfig { GradClip = new GradClipConfig(1000) });

        model.Weight.Should().Be(0.75);
    }

    [Fact]
    public void Without_clipping_no_norm_is_logged()
    {
        using StepModel model = new((stepped, batch) => new StepOutputs { Loss = stepped.Loss(batch), NumSamples = 2 });
        bool logged = true;
        Train(
            model,
            new OptimizerConfig(),
            (new ActionHook { AtAfterTrainIter = runner => logged = Average(runner).ContainsKey("grad_norm") }, HookPriority.Normal));

        logged.Should().BeFalse();
    }

    [Fact]
    public void The_norm_is_logged_with_the_number_of_samples_as_its_weight()
    {
        int iteration = 0;
        using StepModel model = new((stepped, batch) => new StepOutputs
        {
            Loss = stepped.Linear.weight.sum() * (iteration + 1),
            NumSamples = iteration++ == 0 ? 3 : 1,
        });
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.25);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 1 });
        runner.RegisterOptimizerHook(new OptimizerConfig { GradClip = new GradClipConfig(1000) });

        runner.Run([ToyDataset.Loader(4)], [("train", 1)]);

        Average(runner)["grad_norm"].Should().Be(1.25, "norms 1 and 2 weigh 3 and 1");
    }

    [Fact]
    public void Parameters_that_the_optimizer_does_not_hold_are_clipped_too()
    {
        using TwoBranchModel model = new(sums: true);
        using optim.Optimizer optimizer = optim.SGD(model.First.parameters(), 0.25);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 1 });
        runner.RegisterOptimizerHook(new OptimizerConfig { GradClip = new GradClipConfig(1000, 1) });

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        Average(runner)["grad_norm"].Should().Be(2, "both branches have a gradient of 1");
    }

    [Fact]
    public void A_step_without_a_loss_is_named()
    {
        using StepModel model = new((_, _) => new StepOutputs { NumSamples = 1, LogVars = new LogVars { ["acc"] = 1.0 } });

        Action train = () => Train(model, new OptimizerConfig());

        train.Should().Throw<KeyNotFoundException>().WithMessage(
            "StepModel.TrainStep returned no loss. Keys present: num_samples, log_vars. Set StepOutputs.Loss, or leave the optimizer hook out if the model "
            + "updates its weights itself.");
    }

    [Fact]
    public void Clipping_without_a_number_of_samples_is_named()
    {
        using StepModel model = new();

        Action train = () => Train(model, new OptimizerConfig { GradClip = new GradClipConfig(1) });

        train.Should().Throw<KeyNotFoundException>().WithMessage("*without num_samples. Keys present: loss. Set StepOutputs.NumSamples*");
    }

    [Fact]
    public void A_runner_without_optimizer_is_named()
    {
        using StepModel model = new();
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), MaxEpochs = 1 });
        runner.RegisterOptimizerHook(new OptimizerConfig());

        Action train = () => runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        train.Should().Throw<InvalidOperationException>().WithMessage("The runner has no optimizer, but a hook needs one.*");
    }

    [Fact]
    public void Several_optimizers_need_a_hook_of_their_own()
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.25);
        OptimizerSet set = new(new Dictionary<string, optim.Optimizer> { ["gen"] = optimizer });
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = set, MaxEpochs = 1 });
        runner.RegisterOptimizerHook(new OptimizerConfig());

        Action train = () => runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        train.Should().Throw<InvalidOperationException>().WithMessage("There are several optimizers: gen. Choose one by its name.");
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(-1, 2)]
    [InlineData(1, 0)]
    [InlineData(double.NaN, 2)]
    [InlineData(1, double.NaN)]
    public void Clipping_out_of_range_is_refused(double maxNorm, double normType)
    {
        Action make = () => _ = new OptimizerHook(new OptimizerConfig { GradClip = new GradClipConfig(maxNorm, normType) });

        make.Should().Throw<ArgumentOutOfRangeException>().WithMessage(
            $"GradClip has MaxNorm {maxNorm} and NormType {normType}; both must be above 0. Use GradClip = null for no clipping.*");
    }

    [Fact]
    public void A_hook_before_it_can_put_another_loss_in_place()
    {
        using StepModel model = new();
        Train(
            model,
            new OptimizerConfig(),
            (new ActionHook { AtAfterTrainIter = runner => runner.Outputs = runner.Outputs! with { Loss = runner.Outputs.Loss! * 2 } }, HookPriority.High));

        model.Weight.Should().Be(1, "the gradient of -1 was doubled");
    }

    [Fact]
    public void A_derived_hook_can_clip_in_its_own_way()
    {
        using StepModel model = new((stepped, batch) => new StepOutputs { Loss = stepped.Loss(batch), NumSamples = 2 });
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.25);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 1 });
        runner.RegisterHook(new ZeroingHook(), HookPriority.AboveNormal);

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        model.Weight.Should().Be(0.5);
        runner.LogBuffer.Names.Should().BeEmpty("it returned no norm");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Parameters_that_the_loss_does_not_reach_are_reported_although_they_have_an_old_gradient(bool zeroFilled)
    {
        using TwoBranchModel model = new();
        model.First.bias.Should().BeNull();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.25);
        ListLogger logger = new();
        using EpochBasedRunner runner = new(
            model,
            new RunnerOptions { Logger = logger, Optimizer = optimizer, MaxEpochs = 1, Behavior = LegacyBehavior.V1_7_2 with { ZeroFilledGradients = zeroFilled } });
        runner.RegisterOptimizerHook(new OptimizerConfig { DetectAnomalousParams = true });

        runner.Run([ToyDataset.Loader(6)], [("train", 1)]);

        logger.Lines.Zip(logger.Levels).Where(line => line.Second == Microsoft.Extensions.Logging.LogLevel.Error).Select(line => line.First).Should().Equal(
            new[] { "second", "first", "second" }.Select(name => $"{name}.weight with shape torch.Size([1, 1]) is not in the computational graph \n"));
    }

    [Fact]
    public void Frozen_parameters_are_not_looked_for()
    {
        using TwoBranchModel model = new();
        model.First.weight.requires_grad = false;
        ListLogger logger = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.25);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = logger, Optimizer = optimizer, MaxEpochs = 1 });
        runner.RegisterOptimizerHook(new OptimizerConfig { DetectAnomalousParams = true });
        runner.RegisterHook(new ActionHook { AtAfterTrainIter = inner => inner.Outputs = new StepOutputs { Loss = model.Second.weight.sum(), NumSamples = 1 } }, HookPriority.High);

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        logger.Levels.Should().NotContain(Microsoft.Extensions.Logging.LogLevel.Error);
    }

    [Fact]
    public void A_norm_that_is_not_finite_is_an_error_if_asked_for()
    {
        using StepModel model = new((stepped, batch) => new StepOutputs { Loss = stepped.Loss(batch) * double.PositiveInfinity, NumSamples = 1 });
        Action train = () => Train(model, new OptimizerConfig { GradClip = new GradClipConfig(1, ErrorIfNonfinite: true) });

        train.Should().Throw<InvalidOperationException>().WithMessage("The norm of the gradients is Infinity, so they cannot be clipped.*");
    }

    private static OrderedDictionary<string, double> Average(BaseRunner runner)
    {
        runner.LogBuffer.Average();
        return runner.LogBuffer.Output;
    }

    private static void Train(StepModel model, OptimizerConfig config, params (Hook Hook, HookPriority Priority)[] hooks)
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.25);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 1 });
        runner.RegisterOptimizerHook(config);
        foreach ((Hook hook, HookPriority priority) in hooks)
        {
            runner.RegisterHook(hook, priority);
        }

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);
    }

    private sealed class ZeroingHook() : OptimizerHook(new OptimizerConfig { GradClip = new GradClipConfig(1) })
    {
        protected override Tensor? ClipGrads(IEnumerable<Parameter> parameters)
        {
            foreach (Parameter parameter in parameters)
            {
                parameter.grad!.zero_();
            }

            return null;
        }
    }

    /// <summary>Two weights of 1 whose sum is the loss; or they take turns, one in each iteration.</summary>
    private sealed class TwoBranchModel : nn.Module, ITrainStep
    {
        private readonly Linear first = nn.Linear(1, 1, hasBias: false);
        private readonly Linear second = nn.Linear(1, 1, hasBias: false);
        private readonly bool sums;
        private int iteration;

        public TwoBranchModel(bool sums = false)
            : base(nameof(TwoBranchModel))
        {
            this.sums = sums;
            RegisterComponents();
        }

        public Linear First => first;

        public Linear Second => second;

        public StepOutputs TrainStep(Compat.Torch.Data.DataBatch data, OptimizerSet? optimizer) => new()
        {
            Loss = sums ? first.weight.sum() + second.weight.sum() : (iteration++ % 2 == 0 ? first : second).weight.sum(),
            NumSamples = 1,
        };
    }
}
