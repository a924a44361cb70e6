using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

public sealed class OptimWrapperStateTests
{
    private const int Iterations = 11;

    // What MMEngine's OptimWrapper does with a state, which needs no more than torch.
    private const string Python = """
        import sys, torch
        ps = [torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(3))]
        optimizer = torch.optim.SGD([dict(params=[ps[0]], lr=0.07), dict(params=[ps[1]])], lr=0.0123, momentum=0.9)
        state = torch.load(sys.argv[1])
        base = state.pop('base_param_settings')
        optimizer.load_state_dict(state)
        assert base['params'].tolist() == [0.0] and base['lr'] == 0.5 and base['momentum'] == 0.9, base
        assert [group['lr'] for group in optimizer.param_groups] == [0.07, 0.0123]
        assert optimizer.state[ps[0]]['momentum_buffer'].tolist() == [1, 1]
        base.update(lr=0.25, initial_lr=0.75)
        state = optimizer.state_dict()
        state['base_param_settings'] = base
        torch.save(state, sys.argv[2])
        """;

    [Theory]
    [InlineData(ZeroGradTiming.AfterStep)]
    [InlineData(ZeroGradTiming.BeforeBackward)]
    public void Resumed_at_any_iteration_the_weights_are_those_of_a_run_without_a_break(ZeroGradTiming timing)
    {
        using DisposeScope scope = NewDisposeScope();
        float[] straight = Train(timing, stop: Iterations, exact: true);
        for (int stop = 1; stop < Iterations; stop++)
        {
            Train(timing, stop, exact: true).Should().Equal(straight, $"stopped after {stop}");
        }

        Train(timing, stop: 4, exact: false).Should().NotEqual(straight, "without the progress the gradients of the window's first part are lost");
    }

    [Fact]
    public void With_the_progress_loaded_nothing_is_lost_and_nobody_warned()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper first = Wrapper(model, ZeroGradTiming.AfterStep);
        first.InitializeCountStatus(model, 0, 9, NullLogger.Instance);
        first.UpdateParams((model.Weight * 3).sum());
        PthDict progress = first.SaveProgress();
        using OptimWrapper second = Wrapper(model, ZeroGradTiming.AfterStep);
        ListLogger logger = new();

        second.InitializeCountStatus(model, 1, 9, logger);
        second.LoadProgress(progress);
        second.UpdateParams((model.Weight * 3).sum());

        logger.Warnings.Should().BeEmpty();
        (second.InnerCount, second.UpdateCount).Should().Be((2, 0));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public void The_count_comes_from_the_progress_and_the_next_iteration_begins_there(int counts, int perIteration)
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(
            new() { Optimizer = new FusedSgdOptions { Lr = 0.1 }, AccumulativeCounts = counts, UpdatesPerIteration = perIteration }, model);
        wrapper.InitializeCountStatus(model, 2, 9, NullLogger.Instance);
        wrapper.LoadProgress(new PthDict { ["inner_count"] = 5, ["update_count"] = 5, ["must_clear"] = false, ["gradients"] = new PthDict() });

        (wrapper.InnerCount, wrapper.UpdateCount).Should().Be((5, 5));
        for (int i = 0; i < perIteration; i++)
        {
            wrapper.UpdateParams(model.Weight.sum());
        }

        wrapper.Invoking(own => own.FinishIter()).Should().NotThrow();
        wrapper.InnerCount.Should().Be(5 + perIteration);
    }

    [Fact]
    public void Gradients_that_were_cleared_are_not_in_the_progress()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = new(new() { Optimizer = new FusedSgdOptions { Lr = 0.1 }, SetToNone = false }, model);

        wrapper.UpdateParams(model.Weight.sum());

        ((PthDict)wrapper.SaveProgress()["gradients"]).Count.Should().Be(0);
        model.Weight.grad.Should().NotBeNull("they are zero");
    }

    [Fact]
    public void Gradients_that_are_only_kept_to_be_looked_at_are_not_in_the_progress()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = Wrapper(model, ZeroGradTiming.BeforeBackward);
        for (int i = 0; i < 3; i++)
        {
            wrapper.UpdateParams(model.Weight.sum());
        }

        ((PthDict)wrapper.SaveProgress()["gradients"]).Count.Should().Be(0);
        model.Weight.grad.Should().NotBeNull();
    }

    [Fact]
    public void Progress_that_does_not_fit_changes_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = Wrapper(model, ZeroGradTiming.AfterStep);
        wrapper.InitializeCountStatus(model, 3, 9, NullLogger.Instance);
        PthDict gradients = [];
        gradients.Set(0, new PthTensor(ones(7)));
        Action lacking = () => wrapper.LoadProgress(new PthDict { ["inner_count"] = 4 });
        Action wrong = () => wrapper.LoadProgress(
            new PthDict { ["inner_count"] = 4, ["update_count"] = 1, ["must_clear"] = false, ["gradients"] = gradients });

        foreach ((string entry, PthValue value) in new (string, PthValue)[] { ("inner_count", -1), ("inner_count", 4294967300), ("update_count", -1), ("update_count", 1.5) })
        {
            PthDict damaged = wrapper.SaveProgress();
            damaged[entry] = value;
            wrapper.Invoking(own => own.LoadProgress(damaged)).Should().Throw<PthException>().WithMessage($"The state*'{entry}'*");
        }

        lacking.Should().Throw<PthException>().WithMessage("The state lacks 'update_count', which must be a whole number.*");
        wrong.Should().Throw<PthException>().WithMessage("A saved gradient does not fit any of the optimizer's 1 parameters.*");
        (wrapper.InnerCount, wrapper.UpdateCount).Should().Be((3, 1));
        model.Weight.grad.Should().BeNull();
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(-1, false)]
    [InlineData(2, false)]
    public void A_gradient_belongs_to_one_of_the_parameters(int number, bool fits)
    {
        using DisposeScope scope = NewDisposeScope();
        using OptimWrapper wrapper = TwoGroups(out Parameter[] weights);
        PthDict gradients = [];
        gradients.Set(number, new PthTensor(ones(number == 1 ? 3 : 2)));
        Action load = () => wrapper.LoadProgress(
            new PthDict { ["inner_count"] = 4, ["update_count"] = 1, ["must_clear"] = false, ["gradients"] = gradients });

        if (fits)
        {
            load.Should().NotThrow();
            weights.Select(weight => weight.grad is not null).Should().Equal(number == 0, number == 1);
        }
        else
        {
            load.Should().Throw<PthException>().WithMessage("A saved gradient does not fit any of the optimizer's 2 parameters.*");
        }
    }

    [Fact]
    public void One_group_is_saved_as_the_optimizer_saves_it()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = Wrapper(model, ZeroGradTiming.AfterStep);

        wrapper.SaveState().Select(entry => ((PthText)entry.Key).Value).Should().Equal("state", "param_groups", "compat");
    }

    [Fact]
    public void The_default_values_of_several_groups_are_saved_and_loaded_too()
    {
        using DisposeScope scope = NewDisposeScope();
        using OptimWrapper first = TwoGroups(out _);
        OptimizerOption.WeightDecay.In(first.ParamGroups[2]).Current = 0.5;
        first.ParamGroups[2].Lr = 0.25;
        first.ParamGroups[2].InitialLr = 0.75;
        first.ParamGroups[0].Lr = 0.125;
        using OptimWrapper second = TwoGroups(out _);

        second.LoadState(first.SaveState());

        OptimizerOption.WeightDecay.In(second.ParamGroups[2]).Current.Should().Be(0.5);
        second.ParamGroups.Select(group => group.Lr).Should().Equal(0.125, 0.0123, 0.25);
        second.ParamGroups[2].InitialLr.Should().Be(0.75);
        first.SaveState().TryGetValue("base_param_settings", out _).Should().BeTrue("loading takes nothing out of what it is given");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_state_that_does_not_fit_changes_neither_the_optimizer_nor_the_default_values(bool inDefaults)
    {
        using DisposeScope scope = NewDisposeScope();
        using OptimWrapper wrapper = TwoGroups(out _);
        PthDict state = wrapper.SaveState();
        PthDict defaults = (PthDict)state["base_param_settings"];
        defaults["lr"] = 0.5;
        PthDict group = (PthDict)((PthSequence)state["param_groups"]).Items[0];
        group["lr"] = 0.5;
        (inDefaults ? defaults : (PthDict)((PthSequence)state["param_groups"]).Items[1])["momentum"] = "fast";
        Action act = () => wrapper.LoadState(state);

        act.Should().Throw<PthException>().WithMessage("The state's setting 'momentum' is something else; it must be a number.*");
        wrapper.ParamGroups.Select(own => own.Lr).Should().Equal(0.07, 0.0123, 0.0123);
    }

    [PythonFact]
    public void Python_loads_ours_and_we_load_what_it_saves()
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        (string ours, string theirs) = (Path.Combine(folder.Path, "ours.pth"), Path.Combine(folder.Path, "theirs.pth"));
        using OptimWrapper first = TwoGroups(out Parameter[] weights);
        Array.ForEach(weights, weight => weight.grad = ones_like(weight));
        first.Step();
        first.ParamGroups[2].Lr = 0.5;
        PthFile.Write(ours, first.SaveState());

        PythonFactAttribute.Run(Python, ours, theirs);
        using PthFile file = PthFile.Read(theirs);
        using OptimWrapper second = TwoGroups(out weights);
        second.LoadState((PthDict)file.Root);

        (second.ParamGroups[2].Lr, second.ParamGroups[2].InitialLr).Should().Be((0.25, 0.75));
        ((FusedSgd)second.Optimizer).StateOf(weights[0])["momentum_buffer"].data<float>().ToArray().Should().Equal(1, 1);
    }

    private static OptimWrapper Wrapper(TestModel model, ZeroGradTiming timing) => new(
        new() { Optimizer = new FusedSgdOptions { Lr = 0.1, Momentum = 0.9 }, AccumulativeCounts = 3, ZeroGradTiming = timing }, model);

    private static OptimWrapper TwoGroups(out Parameter[] weights)
    {
        Parameter[] made = [new(ones(2)), new(ones(3))];
        weights = made;
        FusedSgdOptions defaults = new() { Lr = 0.0123, Momentum = 0.9 };
        return new(new() { Optimizer = new FusedSgd([new(made[..1], defaults with { Lr = 0.07 }), new(made[1..], defaults)], defaults: defaults) }, new TestModel());
    }

    // Trains up to an iteration, goes on with another wrapper and without the gradients, and gives the weight after each iteration.
    private static float[] Train(ZeroGradTiming timing, int stop, bool exact)
    {
        using TestModel model = new();
        List<float> weights = [];
        OptimWrapper wrapper = Wrapper(model, timing);
        wrapper.InitializeCountStatus(model, 0, Iterations, NullLogger.Instance);
        for (int i = 0; i < Iterations; i++)
        {
            if (i == stop)
            {
                (PthDict state, PthDict progress) = (wrapper.SaveState(), wrapper.SaveProgress());
                wrapper.Dispose();
                model.Weight.grad = null;
                wrapper = Wrapper(model, timing);
                wrapper.LoadState(state);
                wrapper.InitializeCountStatus(model, i, Iterations, NullLogger.Instance);
                if (exact)
                {
                    wrapper.LoadProgress(progress);
                }
            }

            wrapper.UpdateParams((model.Weight * (i + 1)).sin().sum());
            weights.Add(model.Weight.item<float>());
        }

        wrapper.Dispose();
        return [.. weights];
    }
}
