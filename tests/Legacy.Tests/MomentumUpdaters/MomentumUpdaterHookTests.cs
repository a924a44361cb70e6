using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.MomentumUpdaters;

public sealed class MomentumUpdaterHookTests
{
    private readonly ListLogger logger = new();

    [Theory]
    [InlineData(Warmup.Constant, 2, 2)]
    [InlineData(Warmup.Linear, 2, 0.8)]
    [InlineData(Warmup.Exp, 2, 1)]
    public void A_warm_up_divides_so_the_momentum_begins_above_its_regular_value(Warmup warmup, double first, double second) =>
        Momenta(new FixedConfig { Warmup = warmup, WarmupIters = 2, WarmupRatio = 0.25 }, epochs: 1, length: 4).Should().Equal(first, second, 0.5, 0.5);

    [Fact]
    public void By_default_the_ratio_of_a_warm_up_is_nine_tenths() =>
        Momenta(new FixedConfig { Warmup = Warmup.Constant, WarmupIters = 1 }, epochs: 1, length: 2).Should().Equal(0.5 / 0.9, 0.5);

    [Theory]
    [InlineData(null, new[] { 0.5, 0.5, 0.25, 0.25 })]
    [InlineData(true, new[] { 0.5, 0.5, 0.25, 0.25 })]
    [InlineData(false, new[] { 0.5, 0.375, 0.25, 0.125 })]
    public void It_counts_epochs_unless_said_otherwise(bool? byEpoch, double[] expected) =>
        Momenta(new LinearAnnealingMomentumConfig { ByEpoch = byEpoch, MinMomentum = 0 }, epochs: 2, length: 2).Should().Equal(expected);

    [Fact]
    public void Of_an_optimizer_with_betas_the_first_is_set_and_the_second_stays()
    {
        using StepModel model = new((_, _) => new());
        using FusedAdam optimizer = new(model.parameters(), new() { Beta1 = 0.8, Beta2 = 0.9 });
        using EpochBasedRunner runner = Runner(model, optimizer, 2);
        runner.RegisterMomentumHook(new LinearAnnealingMomentumConfig { MinMomentumRatio = 0.5 });

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        OptimizerGroup group = OptimizerGroup.Of(optimizer)[0];
        group.Momentum.Should().BeApproximately(0.6, 1e-12);
        group.InitialMomentum.Should().Be(0.8);
        group.SaveSettings()["betas"].Should().BeOfType<PthSequence>().Which.Items[1].Should().Be(new PthFloat(0.9));
    }

    [Fact]
    public void An_initial_momentum_that_is_there_already_stays_the_base()
    {
        using StepModel model = new((_, _) => new());
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.1, Momentum = 0.1 });
        OptimizerGroup.Of(optimizer)[0].InitialMomentum = 0.75;
        using EpochBasedRunner runner = Runner(model, optimizer, 1);
        runner.RegisterMomentumHook(new FixedConfig());

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        runner.CurrentMomentum().First.Should().Be(0.75);
    }

    [Fact]
    public void An_optimizer_with_neither_momentum_nor_betas_is_refused_before_training()
    {
        using StepModel model = new();
        using FusedAdagrad optimizer = new(model.parameters());
        using EpochBasedRunner runner = Runner(model, optimizer, 1);
        runner.RegisterMomentumHook(new CosineAnnealingMomentumConfig { MinMomentum = 0 });

        Action run = () => runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        run.Should().Throw<InvalidOperationException>().WithMessage(
            "CosineAnnealingMomentumUpdaterHook finds neither momentum nor betas in the optimizer, so it has nothing to set. Use an optimizer that has one of them, "
            + "such as SGD or Adam, or leave the momentum schedule out.");
        runner.Iter.Should().Be(0);
    }

    [Fact]
    public void A_derived_policy_sees_the_base_and_the_regular_momenta()
    {
        using StepModel model = new((_, _) => new());
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.1, Momentum = 0.5 });
        using EpochBasedRunner runner = Runner(model, optimizer, 2);
        HalvingHook hook = new();
        runner.RegisterMomentumHook(hook);

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        runner.CurrentMomentum().First.Should().Be(0.125, "it was halved twice");
        runner.PriorityOf(hook).Should().Be(HookPriority.High);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void That_a_schedule_by_epoch_does_nothing_in_a_runner_by_iteration_is_said(bool? byEpoch, bool isSaid)
    {
        using StepModel model = new((_, _) => new());
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.1, Momentum = 0.5 });
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = logger, Optimizer = optimizer, MaxIters = 2 });
        runner.RegisterTrainingHooks(new()
        {
            LrConfig = new LinearAnnealingLrConfig { MinLr = 0 },
            MomentumConfig = new LinearAnnealingMomentumConfig { ByEpoch = byEpoch, MinMomentum = 0 },
        });

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        runner.CurrentMomentum().First.Should().Be(isSaid ? 0.5 : 0.25);
        runner.CurrentLr().First.Should().Be(0.05, "a runner by iteration lets a learning rate count iterations by default");
        logger.Ours.Where(line => line.Id == 9111).Select(line => line.Text).Should().Equal(isSaid
            ? ["LinearAnnealingMomentumUpdaterHook counts epochs, but IterBasedRunner has none: it sets nothing, as in MMCV. Set its ByEpoch to false."]
            : []);
    }

    [Fact]
    public void Training_hooks_register_it_between_learning_rate_and_optimizer()
    {
        using StubRunner runner = new();
        runner.RegisterTrainingHooks(new()
        {
            OptimizerConfig = new OptimizerConfig(),
            MomentumConfig = new FixedConfig(),
            LrConfig = new StepLrConfig { Step = [1] },
            TimerConfig = null,
        });

        runner.Hooks.Select(hook => hook.Name).Should().Equal("StepLrUpdaterHook", "FixedHook", "OptimizerHook");
    }

    [Fact]
    public void A_hook_is_taken_in_the_place_of_settings()
    {
        using StubRunner runner = new();
        HalvingHook hook = new();

        runner.RegisterTrainingHooks(new() { MomentumConfig = hook, TimerConfig = null });
        runner.RegisterMomentumHook(null);
        Action none = () => MomentumConfig.FromHook(null!);

        runner.Hooks.Should().Equal(hook);
        none.Should().Throw<ArgumentNullException>().WithParameterName("hook");
    }

    [Fact]
    public void A_momentum_that_moves_changes_the_weights()
    {
        double scheduled = Trained(new LinearAnnealingMomentumConfig { MinMomentum = 0, ByEpoch = false });

        scheduled.Should().NotBe(Trained(null)).And.Be(Trained(new LinearAnnealingMomentumConfig { MinMomentumRatio = 0, ByEpoch = false }));
    }

    [Fact]
    public void A_policy_may_change_how_momenta_are_computed_warmed_up_and_set()
    {
        Momenta(new OwnConfig { Warmup = Warmup.Constant, WarmupIters = 3, WarmupRatio = 0.5 }, epochs: 4, length: 2)
            .Should().Equal([2, 4, 5.2, 0.6, 0.6, 0.6, 0.6, 0.6], "the same class gives these in MMCV 1.7.2");
    }

    private static double Trained(MomentumConfig? config)
    {
        using StepModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.1, Momentum = 0.9 });
        using EpochBasedRunner runner = Runner(model, optimizer, 2);
        runner.RegisterTrainingHooks(new() { MomentumConfig = config, OptimizerConfig = new OptimizerConfig() });
        runner.Run([ToyDataset.Loader(6)], [("train", 1)]);
        return model.Weight;
    }

    private static List<double> Momenta(MomentumConfig config, int epochs, int length)
    {
        using StepModel model = new((_, _) => new());
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.1, Momentum = 0.5 });
        using EpochBasedRunner runner = Runner(model, optimizer, epochs);
        List<double> momenta = [];
        runner.RegisterMomentumHook(config);
        runner.RegisterHook(new ActionHook { AtAfterTrainIter = inner => momenta.Add(inner.CurrentMomentum().First) });
        runner.Run([ToyDataset.Loader(2 * length)], [("train", 1)]);
        return momenta;
    }

    private static EpochBasedRunner Runner(StepModel model, optim.Optimizer optimizer, int epochs) =>
        new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = epochs });

    private sealed record OwnConfig : MomentumConfig
    {
        public override OwnPolicy Build() => new(this);
    }

    /// <summary>Changes each of the three steps, as a class of MMCV's may.</summary>
    private sealed class OwnPolicy(MomentumConfig config) : MomentumUpdaterHook(config)
    {
        protected override double GetMomentum(BaseRunner runner, double baseMomentum) => baseMomentum / (1 + runner.Epoch);

        protected override OptimizerSnapshot GetRegularMomentum(BaseRunner runner) => base.GetRegularMomentum(runner).Select(value => Math.Max(value, 0.3));

        protected override OptimizerSnapshot GetWarmupMomentum(int iter) => base.GetWarmupMomentum(iter).Select(value => value + iter);

        protected override void SetMomentum(BaseRunner runner, OptimizerSnapshot momentum) => base.SetMomentum(runner, momentum.Select(value => value * 2));
    }

    private sealed record FixedConfig : MomentumConfig
    {
        public override FixedHook Build() => new(this);
    }

    private sealed class FixedHook(MomentumConfig config) : MomentumUpdaterHook(config)
    {
        protected override double GetMomentum(BaseRunner runner, double baseMomentum) => baseMomentum;
    }

    /// <summary>Each epoch halves the momentum of the epoch before: a policy that a formula of the base alone does not give.</summary>
    private sealed class HalvingHook() : MomentumUpdaterHook(new FixedConfig())
    {
        protected override double GetMomentum(BaseRunner runner, double baseMomentum) =>
            (RegularMomentum.Values.Count == 0 ? BaseMomentum : RegularMomentum).First / 2;
    }
}
