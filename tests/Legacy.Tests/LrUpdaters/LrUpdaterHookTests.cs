using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.LrUpdaters;

public sealed class LrUpdaterHookTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_warm_up_needs_a_length(int iters)
    {
        Action make = () => new StepLrConfig { Step = [1], Warmup = Warmup.Linear, WarmupIters = iters }.Build();

        make.Should().Throw<ArgumentException>().WithMessage($"WarmupIters is {iters}; with Warmup.Linear it must be at least 1.*");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.5)]
    [InlineData(1.5)]
    [InlineData(double.NaN)]
    public void The_ratio_of_a_warm_up_is_above_0_and_at_most_1(double ratio)
    {
        Action make = () => new StepLrConfig { Step = [1], Warmup = Warmup.Exp, WarmupIters = 2, WarmupRatio = ratio }.Build();

        make.Should().Throw<ArgumentException>().WithMessage($"WarmupRatio is {ratio}; it must be above 0 and at most 1.*");
    }

    [Fact]
    public void Without_a_warm_up_its_settings_do_not_matter()
    {
        LrUpdaterHook hook = new StepLrConfig { Step = [1], WarmupIters = -1, WarmupRatio = 7 }.Build();

        hook.Should().BeOfType<StepLrUpdaterHook>();
    }

    [Fact]
    public void A_ratio_of_1_is_allowed() =>
        Rates(new StepLrConfig { Step = [9], Warmup = Warmup.Constant, WarmupIters = 2, WarmupRatio = 1 }, epochs: 1, length: 3).Should().Equal(1, 1, 1);

    [Theory]
    [InlineData(Warmup.Constant, 0.25, 0.25)]
    [InlineData(Warmup.Linear, 0.25, 0.625)]
    [InlineData(Warmup.Exp, 0.25, 0.5)]
    public void A_warm_up_rises_to_the_regular_value_and_ends(Warmup warmup, double first, double second) =>
        Rates(new StepLrConfig { Step = [9], Warmup = warmup, WarmupIters = 2, WarmupRatio = 0.25 }, epochs: 1, length: 4)
            .Should().Equal(first, second, 1, 1);

    [Fact]
    public void A_warm_up_can_be_counted_in_epochs() =>
        Rates(new StepLrConfig { Step = [9], Warmup = Warmup.Constant, WarmupIters = 2, WarmupByEpoch = true, WarmupRatio = 0.25 }, epochs: 3, length: 2)
            .Should().Equal(0.25, 0.25, 0.25, 0.25, 1, 1);

    [Fact]
    public void A_warm_up_in_epochs_needs_a_runner_that_has_epochs()
    {
        using StepModel model = new((_, _) => new StepOutputs());
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 1);
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxIters = 3 });
        runner.RegisterTrainingHooks(new() { LrConfig = new StepLrConfig { Step = [9], WarmupByEpoch = true } });

        Action run = () => runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        run.Should().Throw<InvalidOperationException>().WithMessage(
            "WarmupByEpoch of StepLrUpdaterHook is set, but IterBasedRunner has no epochs. Set WarmupIters to a number of iterations, and leave WarmupByEpoch out.");
    }

    [Fact]
    public void A_warm_up_scales_the_regular_value_of_its_moment() =>
        Rates(new StepLrConfig { Step = [1], Gamma = 0.5, Warmup = Warmup.Constant, WarmupIters = 3, WarmupRatio = 0.25 }, epochs: 2, length: 2)
            .Should().Equal(0.25, 0.25, 0.125, 0.5);

    [Fact]
    public void What_somebody_else_wrote_is_overwritten_at_the_next_epoch()
    {
        ActionHook meddler = new() { AtAfterTrainIter = runner => OptimizerGroup.Of(runner.Optimizer!.Single)[0].Lr = 77 };

        Rates(new StepLrConfig { Step = [9] }, epochs: 2, length: 2, meddler).Should().Equal(1, 77, 1, 77);
    }

    [Fact]
    public void By_iteration_it_is_overwritten_at_the_next_iteration()
    {
        ActionHook meddler = new() { AtAfterTrainIter = runner => OptimizerGroup.Of(runner.Optimizer!.Single)[0].Lr = 77 };

        Rates(new StepLrConfig { Step = [9], ByEpoch = false }, epochs: 1, length: 2, meddler).Should().Equal(1, 1);
    }

    [Fact]
    public void Without_a_warm_up_the_iteration_at_which_one_would_end_overwrites_nothing()
    {
        ActionHook meddler = new() { AtAfterTrainIter = runner => OptimizerGroup.Of(runner.Optimizer!.Single)[0].Lr = 77 };

        Rates(new StepLrConfig { Step = [9], WarmupIters = 2 }, epochs: 1, length: 4, meddler).Should().Equal(1, 77, 77, 77);
    }

    [Fact]
    public void By_iteration_hooks_before_an_epoch_see_the_rate_of_the_last_iteration()
    {
        EpochRates seen = new();

        Rates(new StepLrConfig { Step = [2], ByEpoch = false, Gamma = 0.5 }, epochs: 2, length: 2, seen).Should().Equal(1, 1, 0.5, 0.5);

        seen.Values.Should().Equal(1, 1);
    }

    [Fact]
    public void The_learning_rate_before_the_run_is_the_base_and_is_kept_in_the_group()
    {
        using StepModel model = new((_, _) => new StepOutputs());
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 1);
        OptimizerGroup.Of(optimizer)[0].Lr = 0.5;
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 2 });
        runner.RegisterLrHook(new StepLrConfig { Step = [1], Gamma = 0.5 });

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        OptimizerGroup.Of(optimizer)[0].InitialLr.Should().Be(0.5);
        runner.CurrentLr().First.Should().Be(0.25);
    }

    [Fact]
    public void An_initial_learning_rate_that_is_there_already_stays_the_base()
    {
        using StepModel model = new((_, _) => new StepOutputs());
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.001);
        OptimizerGroup.Of(optimizer)[0].InitialLr = 1;
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 1 });
        runner.RegisterLrHook(new StepLrConfig { Step = [9] });

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        runner.CurrentLr().First.Should().Be(1, "a resumed optimizer brings it along");
    }

    [Fact]
    public void It_needs_an_optimizer()
    {
        using StepModel model = new();
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), MaxEpochs = 1 });
        runner.RegisterLrHook(new StepLrConfig { Step = [9] });

        Action run = () => runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        run.Should().Throw<InvalidOperationException>().WithMessage("The runner has no optimizer, but a hook needs one.*");
    }

    [Fact]
    public void Missing_settings_are_refused()
    {
        Action make = () => _ = new StepLrUpdaterHook(null!);

        make.Should().Throw<ArgumentNullException>().WithParameterName("config");
    }

    [Fact]
    public void A_derived_policy_sees_the_base_and_the_regular_rates()
    {
        using StepModel model = new((_, _) => new StepOutputs());
        using optim.Optimizer first = optim.SGD(model.parameters(), 1);
        using optim.Optimizer second = optim.SGD(model.parameters(), 8);
        OptimizerSet set = new([KeyValuePair.Create("gen", first), KeyValuePair.Create("disc", second)]);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = set, MaxEpochs = 2 });
        RelativePolicy policy = new(new StepLrConfig { Step = [], Warmup = Warmup.Constant, WarmupIters = 9, WarmupRatio = 0.5 });
        policy.Seen.Should().Be(": ", "nothing is known before the run");
        runner.RegisterLrHook(policy);

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        policy.Seen.Should().Be("gen 1, disc 8: gen 0.25, disc 2");
        runner.CurrentLr().Values.Select(entry => entry.Value[0]).Should().Equal([0.125, 1], "the warm-up halves the regular rates");
    }

    [Fact]
    public void A_policy_may_change_how_rates_are_computed_warmed_up_and_set()
    {
        using StepModel model = new((_, _) => new StepOutputs());
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 1);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 4 });
        List<double> rates = [];
        runner.RegisterLrHook(new OwnPolicy(new StepLrConfig { Step = [], Warmup = Warmup.Linear, WarmupIters = 3, WarmupRatio = 0.25 }));
        runner.RegisterHook(new ActionHook { AtAfterTrainIter = inner => rates.Add(inner.CurrentLr().First) });

        runner.Run([ToyDataset.Loader(4)], [("train", 1)]);

        rates.Should().Equal([0.5, 3, 4.75, 1, 2.0 / 3, 2.0 / 3, 0.6, 0.6], "the same class gives these in MMCV 1.7.2");
    }

    internal static List<double> Rates(LrConfig config, int epochs, int length, Hook? other = null)
    {
        using StepModel model = new((_, _) => new StepOutputs());
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 1);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = epochs });
        List<double> rates = [];
        runner.RegisterLrHook(config);
        runner.RegisterHook(new ActionHook { AtAfterTrainIter = inner => rates.Add(inner.CurrentLr().First) });
        if (other is not null)
        {
            runner.RegisterHook(other, HookPriority.Lowest);
        }

        runner.Run([ToyDataset.Loader(2 * length)], [("train", 1)]);
        return rates;
    }

    /// <summary>Each epoch halves the rate of the epoch before, of the first group: a policy that a formula of the base alone does not give.</summary>
    private sealed class RelativePolicy(LrConfig config) : LrUpdaterHook(config)
    {
        public string Seen => $"{Text(BaseLr)}: {Text(RegularLr)}";

        protected override double GetLr(BaseRunner runner, double baseLr) =>
            RegularLr.Values.Count == 0 ? baseLr / 2 : baseLr * RegularLr.First / BaseLr.First / 2;

        private static string Text(OptimizerSnapshot snapshot) =>
            string.Join(", ", snapshot.Values.Select(entry => FormattableString.Invariant($"{entry.Key} {entry.Value[0]}")));
    }

    /// <summary>Changes each of the three steps, as a class of MMCV's may.</summary>
    private sealed class OwnPolicy(LrConfig config) : LrUpdaterHook(config)
    {
        protected override double GetLr(BaseRunner runner, double baseLr) => baseLr / (1 + runner.Epoch);

        protected override OptimizerSnapshot GetRegularLr(BaseRunner runner) => base.GetRegularLr(runner).Select(value => Math.Max(value, 0.3));

        protected override OptimizerSnapshot GetWarmupLr(int iter) => base.GetWarmupLr(iter).Select(value => value + iter);

        protected override void SetLr(BaseRunner runner, OptimizerSnapshot lr) => base.SetLr(runner, lr.Select(value => value * 2));
    }

    private sealed class EpochRates : Hook
    {
        public List<double> Values { get; } = [];

        public override void BeforeTrainEpoch(BaseRunner runner) => Values.Add(runner.CurrentLr().First);
    }
}
