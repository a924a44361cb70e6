using Compat.Engine.Hooks;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Logging;
using Compat.Torch.Optim;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

public sealed class OptimWrapperDictTests
{
    private static readonly OptimWrapperOptions Sgd = new() { Optimizer = new FusedSgdOptions { Lr = 0.01 } };

    [Fact]
    public void It_is_a_dictionary_of_its_wrappers_in_order()
    {
        using TurnModel model = new();
        using OptimWrapperDict wrappers = Build(model);

        wrappers.Keys.Should().Equal("left", "right");
        wrappers.Values.Should().Equal(wrappers["left"], wrappers["right"]);
        wrappers.Select(entry => entry.Value).Should().Equal(wrappers.Values);
        (wrappers.Count, wrappers.ContainsKey("left"), wrappers.ContainsKey("Left")).Should().Be((2, true, false));
        wrappers.TryGetValue("right", out BaseOptimWrapper? right).Should().BeTrue();
        right.Should().BeSameAs(wrappers.Members["right"]);
    }

    [Fact]
    public void A_wrapper_that_is_not_there_is_refused_with_the_names_that_are()
    {
        using TurnModel model = new();
        using OptimWrapperDict wrappers = Build(model);

        wrappers.Invoking(own => own["up"]).Should().Throw<KeyNotFoundException>().WithMessage(
            "OptimWrapperDict has no member 'up'. Names present: left, right. Use one of these, or add 'up' to the options.");
        wrappers["left"].Invoking(own => own["up"]).Should().Throw<KeyNotFoundException>().WithMessage(
            "OptimWrapper has no member 'up': it is a single wrapper, without names. Call its methods directly, or give the runner an OptimWrapperDictOptions with a wrapper "
            + "of that name.");
    }

    [Theory]
    [InlineData("UpdateParams(loss)")]
    [InlineData("Backward(loss)")]
    [InlineData("Step()")]
    [InlineData("OptimContext(this)")]
    public void What_could_mean_any_of_its_wrappers_is_refused_with_the_line_to_write(string call)
    {
        using DisposeScope scope = NewDisposeScope();
        using TurnModel model = new();
        using OptimWrapperDict wrappers = Build(model);
        Action act = call[0] switch
        {
            'U' => () => wrappers.UpdateParams(model.Left.sum()),
            'B' => () => wrappers.Backward(model.Left.sum()),
            'S' => wrappers.Step,
            _ => () => wrappers.OptimContext(model),
        };

        act.Should().Throw<NotSupportedException>().WithMessage(
            $"{call} was called on an OptimWrapperDict, which does not know which of its optimizers is meant: left, right. Override TrainStep, and call it on one of them "
            + $"there, for example optimWrapper[\"left\"].{call}.");
        model.Left.item<float>().Should().Be(1);
    }

    [Fact]
    public void A_model_without_a_TrainStep_of_its_own_is_told_to_have_one()
    {
        using TestRun run = new();
        OptimWrapperDictOptions wrapper = new() { ["linear"] = Sgd };

        run.Invoking(own => own.Train(own.Options with { OptimWrapper = wrapper })).Should().Throw<NotSupportedException>().WithMessage("*Override TrainStep*");
    }

    [Fact]
    public void Clearing_clears_the_gradients_of_all()
    {
        using DisposeScope scope = NewDisposeScope();
        using TurnModel model = new();
        using OptimWrapperDict wrappers = Build(model);
        (model.Left * model.Right).sum().backward();

        wrappers.ZeroGrad();

        (model.Left.grad, model.Right.grad).Should().Be((null, null));
    }

    [Fact]
    public void Keeping_gradients_is_asked_of_all()
    {
        using DisposeScope scope = NewDisposeScope();
        using TurnModel model = new();
        using OptimWrapperDict wrappers = Build(model);
        wrappers.KeepGradients.Should().BeFalse();

        wrappers["left"].KeepGradients = true;
        wrappers.KeepGradients.Should().BeFalse("right clears its own");
        wrappers.KeepGradients = true;
        wrappers["right"].UpdateParams((model.Left * model.Right).sum());

        model.Right.grad.Should().NotBeNull();
        wrappers.KeepGradients.Should().BeTrue();
    }

    [Fact]
    public void Rates_are_logged_by_name_and_the_norms_of_all_in_one_place()
    {
        using TestRun run = new();
        using TurnModel model = new();
        OptimWrapperDictOptions wrapper = new()
        {
            ["left"] = Sgd with { ClipGrad = new GradClipNormOptions { MaxNorm = 1 } },
            ["right"] = Sgd with { ClipGrad = new GradClipNormOptions { MaxNorm = 1 } },
        };

        Runner runner = run.Train(run.Options with { Model = model, OptimWrapper = wrapper, DefaultHooks = new() { Logger = new() { Interval = 1 } } });

        runner.MessageHub.Scalars.Keys.Should().Contain(["train/left.lr", "train/right.lr", "train/loss_left", "train/loss_right"]);
        runner.MessageHub.GetScalar("train/left.lr").Count.Should().Be(4);
        runner.MessageHub.GetScalar("train/grad_norm").Count.Should().Be(8, "two updates in each of four iterations");
        run.EpochLines.First().Should().Contain("left.lr: 1.0000e-02 right.lr: 1.0000e-02");
    }

    [Fact]
    public void With_several_groups_the_default_rate_has_the_name_too()
    {
        using TurnModel model = new();
        using FusedSgd grouped = new([new([model.Left], new() { Lr = 1 }), new([model.Right], new() { Lr = 2 })], defaults: new() { Lr = 3 });
        using BaseOptimWrapper wrappers = new OptimWrapperDictOptions { ["both"] = new OptimWrapperOptions { Optimizer = grouped }, ["left"] = Sgd }.Build(model);

        wrappers.LrEntries.Select(entry => (entry.Name, entry.Groups[0].Lr)).Should().Equal(("both.base_lr", 3), ("both.lr", 1), ("left.lr", 0.01));
        wrappers.ParamGroups.Select(group => group.Lr).Should().Equal(1, 2, 3, 0.01);
    }

    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 3)]
    public void The_last_window_of_accumulation_updates_only_if_the_wrappers_are_told_where_it_is(bool complete, int updates)
    {
        using TestRun run = new();
        using TurnModel model = new();
        OptimWrapperDictOptions wrapper = new() { ["left"] = Sgd with { AccumulativeCounts = 3 }, ["right"] = Sgd, CompleteLastWindow = complete };

        Runner runner = run.Train(run.Options with { Model = model, TrainDataloader = ToyDataset.Loader(8), OptimWrapper = wrapper });

        runner.OptimWrapper["left"].UpdateCount.Should().Be(updates, "there are 8 iterations");
        runner.OptimWrapper["right"].UpdateCount.Should().Be(8);
        runner.OptimWrapper.UpdateCount.Should().Be(updates + 8);
        run.Logger.Ours.Should().Contain((
            CompatEvents.WindowsInDictionary.Id,
            complete
                ? "Accumulation of left: the last window of the training is complete (CompleteLastWindow = true): its losses are divided by its length."
                : "Accumulation of left: as in MMEngine, wrappers in a dictionary do not know where the training ends, and what is left over then updates nothing. Set "
                    + "CompleteLastWindow = true to update with it."));
    }

    [Fact]
    public void Without_accumulation_there_is_no_line_about_windows()
    {
        using TestRun run = new();
        using TurnModel model = new();

        run.Train(run.Options with { Model = model, OptimWrapper = new OptimWrapperDictOptions { ["left"] = Sgd, ["right"] = Sgd } });

        run.Logger.Ours.Where(line => line.Id == CompatEvents.WindowsInDictionary.Id).Should().BeEmpty();
    }

    [Fact]
    public void The_last_window_has_its_own_factor_if_it_is_complete()
    {
        using DisposeScope scope = NewDisposeScope();
        using TurnModel model = new();
        using BaseOptimWrapper wrappers = new OptimWrapperDictOptions { ["left"] = Sgd with { AccumulativeCounts = 2 }, CompleteLastWindow = true }.Build(model);
        wrappers.InitializeCountStatus(model, 2, 3, new TestSupport.ListLogger());

        wrappers["left"].UpdateParams(model.Left.sum());

        model.Left.item<float>().Should().BeApproximately(0.99f, 1e-6f, "the only loss of the window is divided by 1");
    }

    [Fact]
    public void An_iteration_that_calls_a_wrapper_too_often_is_refused_if_the_last_window_shall_be_complete()
    {
        using DisposeScope scope = NewDisposeScope();
        using TurnModel model = new();
        using BaseOptimWrapper wrappers = new OptimWrapperDictOptions { ["left"] = Sgd with { AccumulativeCounts = 2 }, CompleteLastWindow = true }.Build(model);
        wrappers.InitializeCountStatus(model, 0, 4, new TestSupport.ListLogger());
        wrappers["left"].UpdateParams(model.Left.sum());
        wrappers["left"].UpdateParams(model.Left.sum());

        wrappers.Invoking(own => own.FinishIter()).Should().Throw<InvalidOperationException>().WithMessage("The iteration called UpdateParams 2 times*");
    }

    [Theory]
    [InlineData("right", 0.01, 0.0025)]
    [InlineData(null, 0.0025, 0.0025)]
    public void A_schedule_drives_one_wrapper_by_its_name_or_all(string? name, double left, double right)
    {
        using TestRun run = new();
        using TurnModel model = new();

        Runner runner = run.Train(run.Options with
        {
            Model = model,
            OptimWrapper = new OptimWrapperDictOptions { ["left"] = Sgd, ["right"] = Sgd },
            ParamSchedulers = [new MultiStepLrOptions { Milestones = [1, 2], Gamma = 0.5, End = 5, Optimizer = name }],
        });

        runner.OptimWrapper.LrEntries.Select(entry => entry.Groups[0].Lr).Should().Equal(left, right);
    }

    [Fact]
    public void A_schedule_by_update_follows_the_updates_of_its_own_wrapper()
    {
        using TestRun run = new();
        using TurnModel model = new();

        Runner runner = run.Train(run.Options with
        {
            Model = model,
            OptimWrapper = new OptimWrapperDictOptions { ["left"] = Sgd with { AccumulativeCounts = 2 }, ["right"] = Sgd },
            ParamSchedulers = [new ExponentialLrOptions { Gamma = 0.5, Unit = ScheduleUnit.Update }],
        });

        runner.OptimWrapper.LrEntries.Select(entry => entry.Groups[0].Lr).Should().Equal(0.01 / 4, 0.01 / 16);
    }

    [Fact]
    public void A_schedule_for_a_name_that_is_not_there_is_refused()
    {
        using TestRun run = new();
        using TurnModel model = new();
        OptimWrapperDictOptions wrapper = new() { ["left"] = Sgd, ["right"] = Sgd };

        Action act = () => run.Train(run.Options with { Model = model, OptimWrapper = wrapper, ParamSchedulers = [new ExponentialLrOptions { Gamma = 0.5, Optimizer = "up" }] });

        act.Should().Throw<ArgumentException>().WithMessage("The schedule of 'lr' is for an optimizer 'up', which is not there. Names present: left, right.");
    }

    [Theory]
    [InlineData("left")]
    [InlineData("right")]
    public void A_loss_that_is_not_finite_is_no_error_where_one_of_the_updates_is_left_out(string bad)
    {
        using TestRun run = new();
        using TurnModel model = new() { Injected = (iteration, name, loss) => iteration == 1 && name == bad ? loss * float.NaN : loss };
        AmpOptimWrapperOptions amp = new() { Optimizer = Sgd.Optimizer, Autocast = false, LossScale = 8 };

        run.Train(run.Options with { Model = model, OptimWrapper = new OptimWrapperDictOptions { ["left"] = amp, ["right"] = amp } });

        model.Weights().Left.Should().NotBe(1);
        float.IsFinite(model.Weights().Left + model.Weights().Right).Should().BeTrue("the gradients that the skipped turn left are cleared before they are used, or skipped too");
    }

    [Theory]
    [InlineData("left")]
    [InlineData("right")]
    public void What_any_of_them_left_out_counts(string bad)
    {
        using DisposeScope scope = NewDisposeScope();
        using TurnModel model = new();
        AmpOptimWrapperOptions amp = new() { Optimizer = Sgd.Optimizer, Autocast = false, LossScale = 8 };
        using OptimWrapperDict wrappers = (OptimWrapperDict)new OptimWrapperDictOptions { ["left"] = amp, ["right"] = amp }.Build(model);

        wrappers["left"].UpdateParams(model.Left.sum());
        wrappers["right"].UpdateParams(model.Right.sum());
        wrappers.SkippedStep!.item<float>().Should().Be(0);
        wrappers.FinishIter();
        wrappers["left"].UpdateParams(bad == "left" ? model.Left.sum() * float.NaN : model.Left.sum());
        wrappers["right"].UpdateParams(bad == "right" ? model.Right.sum() * float.NaN : model.Right.sum());

        wrappers.SkippedStep!.item<float>().Should().BePositive();
        wrappers.FinishIter();
        wrappers.SkippedStep.Should().BeNull();
    }

    [Fact]
    public void Nothing_can_be_left_out_without_a_scaler()
    {
        using DisposeScope scope = NewDisposeScope();
        using TurnModel model = new();
        using OptimWrapperDict wrappers = Build(model);
        wrappers["left"].UpdateParams(model.Left.sum());

        wrappers.SkippedStep.Should().BeNull();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_training_of_both_is_not_doubted(int counts)
    {
        using TestRun run = new();
        using TurnModel model = new();
        OptimWrapperDictOptions both = new() { ["left"] = Sgd with { AccumulativeCounts = counts }, ["right"] = Sgd };

        run.Train(run.Options with { Model = model, TrainDataloader = ToyDataset.Loader(60), OptimWrapper = both });

        run.Logger.DoubtsAboutTraining.Should().BeEmpty();
    }

    [Fact]
    public void Parameters_that_no_wrapper_holds_are_named_before_training()
    {
        using TestRun run = new();
        using TurnModel model = new();
        using FusedSgd left = new([model.Left], new() { Lr = 0.01 });
        OptimWrapperOptions built = new() { Optimizer = left };

        run.Train(run.Options with { Model = model, OptimWrapper = new OptimWrapperDictOptions { ["left"] = built, ["right"] = built } });

        run.Logger.Ours.Should().Contain((
            CompatEvents.ParametersApart.Id, "No optimizer holds 1 of TurnModel's trainable parameters: right.weight. Give them to the optimizer, or freeze them."));
    }

    [Fact]
    public void Disposing_it_disposes_the_optimizers_that_its_wrappers_built()
    {
        using DisposeScope scope = NewDisposeScope();
        using TurnModel model = new();
        OptimWrapperDict wrappers = Build(model);
        wrappers.Dispose();

        wrappers["right"].Invoking(own => own.UpdateParams(model.Right.sum())).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Tensors_do_not_grow()
    {
        using TestRun run = new();
        using TurnModel model = new();
        List<long> alive = [];
        AmpOptimWrapperOptions amp = new() { Optimizer = Sgd.Optimizer, Autocast = false, AccumulativeCounts = 2 };

        run.Train(
            run.Options with
            {
                Model = model,
                TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 20 },
                OptimWrapper = new OptimWrapperDictOptions { ["left"] = amp, ["right"] = Sgd },
            },
            new CountHook(alive));

        alive[^1].Should().BeLessThanOrEqualTo(alive[1]);
    }

    private static OptimWrapperDict Build(TurnModel model) => (OptimWrapperDict)new OptimWrapperDictOptions { ["left"] = Sgd, ["right"] = Sgd }.Build(model);

    private sealed class CountHook(List<long> alive) : Hook
    {
        public override void AfterTrainEpoch(Runner runner)
        {
            runner.MessageHub.Pending.Flush();
            alive.Add(Tensor.TotalCount);
        }
    }
}
