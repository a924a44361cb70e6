using Compat.Engine.Logging;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Amp;
using Compat.Torch.Logging;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

public sealed class OptimWrapperDictStateTests
{
    private static readonly OptimWrapperOptions Momentum = new() { Optimizer = new FusedSgdOptions { Lr = 0.01, Momentum = 0.9 } };

    private static readonly AmpOptimWrapperOptions Amp = new()
    {
        Optimizer = new FusedAdamOptions { Lr = 0.01 },
        Autocast = false,
        LossScale = new GradScalerOptions { InitScale = 4, GrowthInterval = 2 },
    };

    [Fact]
    public void The_state_has_that_of_each_wrapper_by_its_name()
    {
        using DisposeScope scope = NewDisposeScope();
        using Turns turns = new(Momentum, Amp);
        turns.Train(0, 3);

        PthDict state = turns.Wrappers.SaveState();

        Names(state).Should().Equal("left", "right");
        Names((PthDict)state["right"]).Should().Contain("loss_scaler");
        Names(turns.Wrappers.SaveProgress()).Should().Equal("left", "right");
    }

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(1, 1, false)]
    [InlineData(3, 2, true)]
    [InlineData(3, 2, false)]
    public void Resumed_at_any_iteration_the_weights_are_those_of_a_run_without_a_break(int left, int right, bool setToNone)
    {
        OptimWrapperOptions first = Momentum with { AccumulativeCounts = left, SetToNone = setToNone };
        OptimWrapperOptions second = Amp with { AccumulativeCounts = right, SetToNone = setToNone };
        using DisposeScope scope = NewDisposeScope();
        using Turns whole = new(first, second);
        whole.Train(0, 7);
        for (int cut = 0; cut <= 7; cut++)
        {
            using Turns before = new(first, second);
            before.Train(0, cut);
            using Turns after = new(first, second);
            after.TakeOver(before);
            after.Train(cut, 7);

            after.Model.Weights().Should().Be(whole.Model.Weights(), $"cut at {cut}");
        }
    }

    [Fact]
    public void Gradients_that_the_turn_of_another_wrapper_left_are_in_the_progress()
    {
        using DisposeScope scope = NewDisposeScope();
        using Turns turns = new(Momentum, Amp);
        turns.Train(0, 1);

        PthDict progress = turns.Wrappers.SaveProgress();

        ((PthDict)((PthDict)progress["left"])["gradients"]).Count.Should().Be(1, "right's backward reached it after its own update");
        ((PthDict)((PthDict)progress["right"])["gradients"]).Count.Should().Be(0, "these were cleared last");
    }

    [Fact]
    public void A_state_whose_second_part_does_not_fit_changes_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        using Turns saved = new(Momentum, Amp);
        new ExponentialLrOptions { Gamma = 0.5 }.Build(saved.Wrappers);
        saved.Train(0, 3);
        using Turns turns = new(Momentum, Amp);
        turns.Train(0, 1);
        PthDict bad = saved.Wrappers.SaveState();
        bad["right"] = new PthDict { ["state"] = new PthDict() };
        byte[] before = Bytes(turns.Wrappers.SaveState());

        turns.Wrappers.Invoking(own => own.LoadState(bad)).Should().Throw<PthException>();

        Bytes(turns.Wrappers.SaveState()).Should().Equal(before);
        turns.Wrappers.LoadState(saved.Wrappers.SaveState());
        Bytes(turns.Wrappers.SaveState()).Should().Equal(Bytes(saved.Wrappers.SaveState()), "what fits is loaded");
    }

    [Fact]
    public void Progress_whose_second_part_does_not_fit_changes_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        using Turns saved = new(Momentum with { AccumulativeCounts = 5 }, Amp);
        saved.Train(0, 3);
        using Turns turns = new(Momentum with { AccumulativeCounts = 5 }, Amp);
        PthDict bad = saved.Wrappers.SaveProgress();
        bad["right"] = new PthDict();
        byte[] before = Bytes(turns.Wrappers.SaveProgress());

        turns.Wrappers.Invoking(own => own.LoadProgress(bad)).Should().Throw<PthException>();

        Bytes(turns.Wrappers.SaveProgress()).Should().Equal(before);
        turns.Model.Left.grad.Should().BeNull("there was none before");
    }

    [Fact]
    public void Progress_without_one_of_the_wrappers_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using Turns turns = new(Momentum, Amp);
        PthDict progress = new() { ["left"] = turns.Wrappers["left"].SaveProgress() };

        turns.Wrappers.Invoking(own => own.LoadProgress(progress)).Should().Throw<PthException>().WithMessage("*'right'*");
    }

    [Fact]
    public void A_state_with_a_name_that_is_not_there_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using Turns turns = new(Momentum, Amp);
        PthDict state = turns.Wrappers.SaveState();
        state["up"] = new PthDict();

        turns.Wrappers.Invoking(own => own.LoadState(state)).Should().Throw<PthException>().WithMessage(
            "The state is for up, but the wrappers are left, right. Name the wrappers as in the run that saved it.");
    }

    [Fact]
    public void A_wrapper_that_the_state_does_not_have_stays_as_it_is_and_a_line_says_so()
    {
        using DisposeScope scope = NewDisposeScope();
        using Turns saved = new(Momentum, Amp);
        saved.Train(0, 3);
        using Turns turns = new(Momentum, Amp);
        ListLogger logger = new();
        turns.Wrappers.Attach(new() { MessageHub = new MessageHub(), Logger = logger });
        byte[] right = Bytes(turns.Wrappers["right"].SaveState());

        turns.Wrappers.LoadState(new PthDict { ["left"] = saved.Wrappers["left"].SaveState() });

        Bytes(turns.Wrappers["right"].SaveState()).Should().Equal(right);
        Bytes(turns.Wrappers["left"].SaveState()).Should().Equal(Bytes(saved.Wrappers["left"].SaveState()));
        logger.Ours.Should().Equal((
            CompatEvents.OptimizerStateMissing.Id, "The state has nothing for right, whose optimizers stay as they are. Resume from a file of a run with the same wrappers."));
    }

    [Fact]
    public void Names_that_no_wrapper_has_are_all_named_and_a_state_that_is_complete_is_worth_no_line()
    {
        using DisposeScope scope = NewDisposeScope();
        using Turns turns = new(Momentum, Amp);
        ListLogger logger = new();
        turns.Wrappers.Attach(new() { MessageHub = new MessageHub(), Logger = logger });
        PthDict state = turns.Wrappers.SaveState();
        turns.Wrappers.LoadState(state);
        state["up"] = new PthDict();
        state.Set(new PthInteger(7), new PthDict());

        turns.Invoking(own => own.Wrappers.LoadState(state)).Should().Throw<PthException>().WithMessage(
            "The state is for up, ?, but the wrappers are left, right. Name the wrappers as in the run that saved it.");
        logger.Ours.Should().NotContain(line => line.Id == CompatEvents.OptimizerStateMissing.Id);
    }

    private static IEnumerable<string> Names(PthDict state) => state.Select(entry => ((PthText)entry.Key).Value);

    private static byte[] Bytes(PthDict state)
    {
        using MemoryStream stream = new();
        PthFile.Write(stream, state);
        return stream.ToArray();
    }

    /// <summary>A model whose two weights are trained in turn.</summary>
    private sealed class Turns(OptimWrapperOptions left, OptimWrapperOptions right) : IDisposable
    {
        private OptimWrapperDict? wrappers;

        public TurnModel Model { get; } = new();

        public OptimWrapperDict Wrappers => wrappers ??= (OptimWrapperDict)new OptimWrapperDictOptions { ["left"] = left, ["right"] = right }.Build(Model);

        public void Train(int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                using DisposeScope iteration = NewDisposeScope();
                using ToyBatch batch = new(full([2, 1], 1 + (0.1 * i)), zeros(2, 1));
                Model.TrainStep(batch, Wrappers);
                Wrappers.FinishIter();
            }
        }

        public void TakeOver(Turns other)
        {
            using IDisposable guard = no_grad();
            Model.Left.copy_(other.Model.Left);
            Model.Right.copy_(other.Model.Right);
            Wrappers.LoadState(other.Wrappers.SaveState());
            Wrappers.InitializeCountStatus(Model, 0, 7, NullLogger.Instance);
            Wrappers.LoadProgress(other.Wrappers.SaveProgress());
        }

        public void Dispose()
        {
            wrappers?.Dispose();
            Model.Dispose();
        }
    }
}
