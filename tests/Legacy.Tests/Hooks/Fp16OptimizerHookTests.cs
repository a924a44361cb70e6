using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Amp;
using Compat.Torch.Data;
using Compat.Torch.Logging;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Hooks;

public sealed class Fp16OptimizerHookTests
{
    private const double Inf = double.PositiveInfinity;

    [Fact]
    public void A_fixed_power_of_2_trains_bit_for_bit_like_no_scale()
    {
        static double[] Weights(OptimizerConfig config)
        {
            List<double> weights = [];
            Train(config, 1, 6, weights: weights);
            return [.. weights];
        }

        double[] plain = Weights(new OptimizerConfig());

        Weights(new Fp16OptimizerConfig { LossScale = 1024 }).Should().Equal(plain).And.OnlyHaveUniqueItems();
        Weights(new GradientCumulativeFp16OptimizerConfig { LossScale = 1024, CumulativeIters = 1 }).Should().Equal(plain);
        Weights(new GradientCumulativeFp16OptimizerConfig { LossScale = 1024, CumulativeIters = 2 })
            .Should().Equal(Weights(new GradientCumulativeOptimizerConfig { CumulativeIters = 2 })).And.NotEqual(plain);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_loss_that_is_not_finite_is_no_error_if_its_step_is_left_out(int iters)
    {
        // A line is printed at each iteration: inside a window before anybody can know.
        foreach (bool isNumber in new[] { false, true })
        {
            OptimizerConfig config = iters == 1
                ? new Fp16OptimizerConfig { LossScale = LossScale.Dynamic }
                : new GradientCumulativeFp16OptimizerConfig { LossScale = LossScale.Dynamic, CumulativeIters = iters };
            Action train = () => Train(config, 1, 6, factor: iter => iter == 3 ? Inf : 1, isNumber: isNumber, logInterval: 1);

            train.Should().NotThrow();
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_loss_that_is_not_finite_is_an_error_if_its_step_is_made_or_the_scaler_is_off(bool isOff, bool isNumber)
    {
        Fp16OptimizerConfig config = new() { LossScale = new GradScalerOptions { Enabled = !isOff } };
        Action train = () => Train(config, 1, 6, offset: iter => iter == 3 ? Inf : 0, factor: iter => 1, isNumber: isNumber, logInterval: 1);

        train.Should().Throw<NonFiniteLossException>().WithMessage("*'loss' is ∞ at iteration 3*".Replace("∞", "Infinity", StringComparison.Ordinal));
    }

    [Fact]
    public void The_state_in_the_meta_is_that_of_the_present_and_stays_after_the_hook_is_disposed()
    {
        RunnerMeta meta = [];
        Train(new Fp16OptimizerConfig { LossScale = new GradScalerOptions { InitScale = 8, GrowthInterval = 2 } }, 1, 5, meta: meta);

        GradScalerState.FromPth((PthDict)((PthDict)meta["fp16"])["loss_scaler"]).Should().Be(new GradScalerState(32, 2, 0.5, 2, 1), "the runner disposed its hook");
        Train(new Fp16OptimizerConfig(), 1, 1, meta: meta);
        GradScalerState.FromPth((PthDict)((PthDict)meta["fp16"])["loss_scaler"]).Should().Be(new GradScalerState(512, 2, 0.5, 2, 1), "a fixed scale keeps the rest");
    }

    [Theory]
    [InlineData(true, "The state of a GradScaler has Infinity under 'scale'*")]
    [InlineData(false, "The meta's 'fp16' is a PthText; it must be a dictionary, where the loss scaler keeps its state. Rename the entry, or remove it.")]
    public void A_meta_that_no_training_goes_on_from_is_refused_before_anything_is_changed(bool isDict, string message)
    {
        RunnerMeta meta = new() { ["fp16"] = isDict ? new PthDict { ["loss_scaler"] = new GradScalerState(Inf, 3, 0.25, 7, 1).ToPth() } : "half" };
        using StepModel model = Model();
        using FusedSgd optimizer = new(model.parameters(), new());
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxIters = 3, Meta = meta });
        using Fp16OptimizerHook hook = new();
        GradScalerState before = hook.LossScaler.SaveState()!;

        hook.Invoking(own => own.BeforeRun(runner)).Should().Throw<PthException>().WithMessage(message);

        hook.LossScaler.SaveState().Should().Be(before);
        runner.Logger.Should().BeOfType<ListLogger>().Which.Ours.Should().BeEmpty("modules are switched, and what is odd is said, only afterwards");
    }

    [Fact]
    public void A_meta_that_is_given_later_is_written_too()
    {
        using StepModel model = Model();
        using FusedSgd optimizer = new(model.parameters(), new());
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxIters = 3 });
        runner.RegisterOptimizerHook(new Fp16OptimizerConfig());
        RunnerMeta other = [];
        runner.RegisterHook(new ActionHook { AtBeforeTrainIter = inner => inner.Meta = inner.Iter == 2 ? other : inner.Meta });

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        other.TryGetValue("fp16", out _).Should().BeTrue();
    }

    [Fact]
    public void Odd_settings_and_a_model_without_switches_are_said_once()
    {
        ListLogger logger = new();
        Train(new Fp16OptimizerConfig { LossScale = -4 }, 1, 3, logger: logger);

        logger.Ours.Where(line => line.Id is >= 9130 and < 9140).Should().Equal(
            (CompatEvents.NothingToSwitch.Id, "No module of StepModel can be switched to mixed precision: Fp16OptimizerHook scales the loss and casts nothing. Let the modules "
                + "that may compute in Float16 implement IFp16Switchable and begin their methods with Fp16.Auto."),
            (CompatEvents.OddLossScale.Id, "The loss scale is -4; it should be above 0 and finite. Use 65536, the usual one."));
    }

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void Modules_are_switched_on_with_the_precision_of_the_settings(ScalarType dtype)
    {
        using SwitchableModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new());
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxIters = 1 });
        runner.RegisterOptimizerHook(new Fp16OptimizerConfig { Dtype = dtype });

        Action train = () => runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        if (dtype == ScalarType.Float16)
        {
            train.Should().Throw<InvalidOperationException>().WithMessage(
                "SwitchableModel would compute in Float16 on the CPU; there it must be BFloat16. Set Dtype = ScalarType.BFloat16 in the settings of the optimizer hook, "
                + "for example in Fp16OptimizerConfig, or train on a GPU.");
        }
        else
        {
            train.Should().NotThrow();
            model.Seen.Should().Be(ScalarType.BFloat16);
        }
    }

    [Fact]
    public void Settings_that_the_hook_does_not_know_are_refused()
    {
        Action anomalous = () => new Fp16OptimizerConfig { DetectAnomalousParams = true }.Build();
        Action dtype = () => new Fp16OptimizerConfig { Dtype = ScalarType.Float64 }.Build();

        anomalous.Should().Throw<ArgumentException>().WithMessage(
            "DetectAnomalousParams is set, but Fp16OptimizerHook does not look for them. Use an OptimizerHook for a few iterations to find them.*");
        dtype.Should().Throw<ArgumentOutOfRangeException>().WithMessage("Dtype is Float64; it must be Float16, or BFloat16 on a CPU.*");
    }

    [Fact]
    public void A_state_that_is_no_dictionary_is_refused_before_the_run()
    {
        RunnerMeta meta = [];
        meta.Section("fp16")["loss_scaler"] = 512;
        Action train = () => Train(new Fp16OptimizerConfig(), 1, 1, meta: meta);

        train.Should().Throw<PthException>().WithMessage("The state's 'loss_scaler' is a PthInteger; it must be the state of a loss scaler.*");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Gradients_outside_the_optimizer_are_cleared_too_as_the_runner_says(bool zeroFilled)
    {
        using StepModel model = Model();
        using TorchSharp.Modules.Parameter spare = new(ones(1));
        model.register_parameter("spare", spare);
        using Tensor stale = ones(1);
        spare.grad = stale;
        using FusedSgd optimizer = new([model.Linear.weight], new());
        using IterBasedRunner runner = new(
            model,
            new RunnerOptions
            {
                Logger = new ListLogger(), Optimizer = optimizer, MaxIters = 1, Behavior = LegacyBehavior.V1_7_2 with { ZeroFilledGradients = zeroFilled },
            });
        runner.RegisterOptimizerHook(new Fp16OptimizerConfig());

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        using DisposeScope scope = NewDisposeScope();
        (spare.grad is null).Should().Be(!zeroFilled);
        (spare.grad?.item<float>() ?? 0).Should().Be(0);
    }

    [Fact]
    public void Gradients_of_the_optimizer_that_are_not_the_models_are_cleared_too()
    {
        using StepModel model = Model();
        using TorchSharp.Modules.Parameter apart = new(ones(1));
        using Tensor stale = ones(1);
        apart.grad = stale;
        using FusedSgd optimizer = new([model.Linear.weight, apart], new());
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxIters = 1 });
        runner.RegisterOptimizerHook(new Fp16OptimizerConfig());

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        apart.grad.Should().BeNull();
    }

    [Fact]
    public void Disposing_it_frees_the_scaler_once_and_leaves_the_state()
    {
        long before = LiveTensors.Settled();
        Fp16OptimizerHook hook = new();
        using (NewDisposeScope())
        {
            hook.LossScaler.Scale(ones(1));
        }

        hook.Dispose();
        hook.Dispose();

        LiveTensors.Settled().Should().Be(before);
    }

    [Fact]
    public void A_training_whose_steps_are_all_left_out_is_said_to_train_nothing()
    {
        ListLogger logger = new();
        Train(new Fp16OptimizerConfig(), 1, 12, logger: logger, factor: _ => Inf);

        logger.DoubtsAboutTraining.Should().ContainSingle();
    }

    private static StepModel Model(Func<int, double>? factor = null, Func<int, double>? offset = null, bool isNumber = false)
    {
        int iter = 0;
        return new((model, batch) =>
        {
            Tensor loss = (model.Loss(batch) * (factor?.Invoke(iter) ?? 1)) + (offset?.Invoke(iter) ?? 0);
            iter++;
            return new StepOutputs { Loss = loss, NumSamples = 1, LogVars = new LogVars { ["loss"] = isNumber ? new LogValue(loss).Read() : loss } };
        });
    }

    private static void Train(
        OptimizerConfig config,
        int samples,
        int iters,
        ListLogger? logger = null,
        RunnerMeta? meta = null,
        Func<int, double>? factor = null,
        Func<int, double>? offset = null,
        bool isNumber = false,
        int? logInterval = null,
        List<double>? weights = null)
    {
        using StepModel model = Model(factor, offset, isNumber);
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.1, Momentum = 0.5 });
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = logger ?? new(), Optimizer = optimizer, Meta = meta, MaxIters = iters });
        runner.RegisterTrainingHooks(new()
        {
            OptimizerConfig = config,
            LogConfig = logInterval is { } interval ? new LogConfig { Interval = interval, Hooks = [new TextLoggerConfig()] } : null,
        });
        runner.RegisterHook(new ActionHook { AtAfterTrainIter = _ => weights?.Add(model.Weight) });
        runner.Run([ToyDataset.Loader(samples)], [("train", 1)]);
    }

    private sealed class SwitchableModel : StepModel, IFp16Switchable
    {
        public SwitchableModel()
            : base(Step)
        {
        }

        public bool Fp16Enabled { get; set; }

        public ScalarType? Fp16Dtype { get; set; }

        public ScalarType? Seen { get; private set; }

        private static StepOutputs Step(StepModel model, DataBatch batch)
        {
            SwitchableModel own = (SwitchableModel)model;
            Tensor input = ((ToyBatch)batch).Img;
            using Fp16Scope scope = Fp16.Auto(own, ref input);
            own.Seen = own.Linear.forward(input).dtype;
            return new StepOutputs { Loss = scope.CastBack(own.Linear.forward(input)).sum(), NumSamples = 1 };
        }
    }
}
