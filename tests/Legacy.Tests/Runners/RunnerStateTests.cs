using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Runners;

/// <summary>A runner whose state somebody else keeps, driven from outside with public members only.</summary>
public sealed class RunnerStateTests
{
    [Fact]
    public void Everything_about_a_runner_that_changes_is_read_from_the_attached_state()
    {
        using StepModel model = new();
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), MaxEpochs = 3 });
        using BatchLoader loader = ToyDataset.Loader(2);
        StepOutputs outputs = new() { NumSamples = 7 };
        RunnerState state = new() { Epoch = 1, Iter = 20, MaxEpochs = 9, MaxIters = 90, Mode = "val", DataLoader = loader, Outputs = outputs };
        using ToyBatch batch = new(ones(1), ones(1));
        state.BeginIter(4, batch);
        state.Outputs = outputs;

        runner.UseState(state);

        (runner.Epoch, runner.Iter, runner.InnerIter, runner.MaxEpochs, runner.MaxIters).Should().Be((1, 20, 4, 9, 90));
        (runner.Mode, runner.DataLoader, runner.DataBatch, runner.Outputs).Should().Be(("val", loader, batch, outputs));
    }

    [Fact]
    public void Attaching_a_state_gives_the_old_one_back_as_it_was()
    {
        using StepModel model = new();
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), MaxEpochs = 3 });
        RunnerState other = new() { Epoch = 5 };

        RunnerState own = runner.UseState(other);

        (own.Epoch, own.MaxEpochs).Should().Be((0, 3));
        runner.UseState(own).Should().BeSameAs(other);
        (runner.Epoch, runner.MaxEpochs).Should().Be((0, 3));
    }

    [Fact]
    public void A_driver_can_leave_out_a_hook_whose_work_it_does_and_see_which_hook_is_called()
    {
        using StubRunner runner = new();
        List<string?> called = [];
        CallingHook first = new(inner => called.Add(inner.RunningHook));
        runner.RegisterHook(first);
        runner.RegisterHook(new CallingHook(_ => called.Add("second")));

        runner.CallHook(HookStage.BeforeRun);
        runner.CallHook(HookStage.BeforeRun, except: first);

        called.Should().Equal("CallingHook at BeforeRun", "second", "second");
        runner.RunningHook.Should().BeNull();
    }

    [Fact]
    public void No_state_is_refused()
    {
        using StubRunner runner = new();

        Action use = () => runner.UseState(null!);

        use.Should().Throw<ArgumentNullException>().WithParameterName("state");
    }

    [Fact]
    public void Who_drives_a_runner_from_outside_trains_and_logs_as_the_runner_itself()
    {
        (double Weight, string Calls, double Loss) own = Train((runner, loader) => runner.Run([loader], [("train", 1)]));
        (double Weight, string Calls, double Loss) driven = Train(Drive);

        driven.Should().Be(own);
        own.Weight.Should().NotBe(0.5);
        Train((runner, loader) => Drive(runner, loader, epochs: 1)).Should().NotBe(own);
    }

    [Fact]
    public void An_iteration_that_has_ended_leaves_the_counters()
    {
        using ToyBatch batch = new(ones(1), ones(1));
        RunnerState state = new() { Epoch = 1, Iter = 2 };
        state.BeginIter(3, batch);
        state.Outputs = new StepOutputs();

        state.EndIter();

        (state.Epoch, state.Iter, state.InnerIter).Should().Be((1, 2, 3));
        state.DataBatch.Should().BeNull();
        state.Outputs.Should().BeNull();
    }

    [Fact]
    public void Outputs_that_are_taken_over_are_logged_with_their_weight_and_watched_in_training_only()
    {
        using StubRunner runner = new();
        runner.TakeOutputs(new StepOutputs { NumSamples = 3, LogVars = new LogVars { ["acc"] = 1.0 } }, trainMode: true);
        runner.TakeOutputs(new StepOutputs { NumSamples = 1, LogVars = new LogVars { ["acc"] = 2.0, ["loss"] = double.NaN } }, trainMode: false);
        runner.LogBuffer.Average();

        runner.LogBuffer.Output["acc"].Should().Be(1.25);
        runner.Outputs!.NumSamples.Should().Be(1);
        Action watched = () => runner.TakeOutputs(new StepOutputs { NumSamples = 1, LogVars = new LogVars { ["loss"] = double.NaN } }, trainMode: true);
        watched.Should().Throw<NonFiniteLossException>();
    }

    [Fact]
    public void A_derived_runner_that_runs_elsewhere_overrides_the_iterations_alone()
    {
        using StepModel model = new();
        using ElsewhereRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), MaxEpochs = 2 });

        runner.Run([ToyDataset.Loader(4)], [("train", 1)]);

        runner.Drained.Should().Equal(1, 2, 3);
    }

    private static (double Weight, string Calls, double Loss) Train(Action<EpochBasedRunner, BatchLoader> run)
    {
        using StepModel model = new((stepped, batch) =>
        {
            Tensor loss = stepped.Loss(batch);
            return new StepOutputs { Loss = loss, NumSamples = 2, LogVars = new LogVars { ["loss"] = loss } };
        });
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 2 });
        using BatchLoader loader = ToyDataset.Loader(6);
        CallRecorder recorder = new();
        runner.RegisterOptimizerHook(new OptimizerConfig());
        runner.RegisterHook(recorder);
        run(runner, loader);
        runner.LogBuffer.Average();
        return (model.Weight, string.Join('\n', recorder.Calls), runner.LogBuffer.Output["loss"]);
    }

    private static void Drive(EpochBasedRunner runner, BatchLoader loader) => Drive(runner, loader, epochs: 2);

    private static void Drive(EpochBasedRunner runner, BatchLoader loader, int epochs)
    {
        EngineCounters engine = new();
        RunnerState state = new CountedElsewhere(engine) { MaxEpochs = epochs, MaxIters = epochs * loader.Length };
        RunnerState old = runner.UseState(state);
        runner.CallHook(HookStage.BeforeRun);
        for (; engine.Epoch < epochs; engine.Epoch++)
        {
            (state.Mode, state.DataLoader) = ("train", loader);
            runner.CallHook(HookStage.BeforeTrainEpoch);
            int position = 0;
            foreach (DataBatch batch in loader)
            {
                state.BeginIter(position++, batch);
                runner.CallHook(HookStage.BeforeTrainIter);
                runner.TakeOutputs(((ITrainStep)runner.Model).TrainStep(batch, runner.Optimizer), trainMode: true);
                runner.CallHook(HookStage.AfterTrainIter);
                state.EndIter();
                engine.Iter++;
                batch.Dispose();
            }

            runner.CallHook(HookStage.AfterTrainEpoch);
            runner.LogBuffer.Flush();
        }

        runner.CallHook(HookStage.AfterRun);
        runner.UseState(old);
    }

    private sealed class EngineCounters
    {
        public int Epoch { get; set; }

        public int Iter { get; set; }
    }

    private sealed class CountedElsewhere(EngineCounters engine) : RunnerState
    {
        public override int Epoch => engine.Epoch;

        public override int Iter => engine.Iter;
    }

    private sealed class ElsewhereRunner(nn.Module model, RunnerOptions options) : EpochBasedRunner(model, options)
    {
        public List<int> Drained { get; } = [];

        public override IEnumerable<int> RunIterations(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
        {
            for (int iter = 1; iter <= 3; iter++)
            {
                Drained.Add(iter);
                yield return iter;
            }
        }
    }

    private sealed class CallingHook(Action<BaseRunner> action) : Hook
    {
        public override void BeforeRun(BaseRunner runner) => action(runner);
    }
}
