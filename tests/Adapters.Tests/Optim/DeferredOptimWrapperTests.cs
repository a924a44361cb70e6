using Compat.Adapters.Diagnostics;
using Compat.Adapters.Optim;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Logging;
using Compat.Engine.Schedulers;
using Compat.Legacy;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Optim;

public sealed class DeferredOptimWrapperTests
{
    [Theory]
    [InlineData(true, "a legacy optimizer hook")]
    [InlineData(false, "the model itself")]
    public void A_second_owner_of_the_step_is_refused(bool hasHook, string owner)
    {
        using DisposeScope scope = NewDisposeScope();
        using Trainer trainer = new(runner =>
        {
            if (hasHook)
            {
                runner.RegisterHook(new OwnOptimizerHook());
            }
        });
        Compat.Engine.Runner engine = trainer.AsEngine();
        engine.Train();

        (string Name, Action Call)[] calls =
        [
            ("Backward", () => engine.OptimWrapper.Backward(ones(1))),
            ("Step", engine.OptimWrapper.Step),
            ("ZeroGrad", engine.OptimWrapper.ZeroGrad),
        ];

        foreach ((string called, Action call) in calls)
        {
            call.Should().Throw<CompatException>().Which.Diagnostics.Should().Equal(new CompatDiagnostic(
                "COMPAT0201",
                $"{called} was called, but {owner} updates the weights already: each iteration would update twice. Remove one of the two."));
        }
    }

    [Fact]
    public void It_keeps_the_loss_until_the_end_of_the_iteration_and_updates_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        using ProbeModel model = new(new());
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01);
        DeferredOptimWrapper wrapper = new(new DeferredOptimWrapperOptions(optimizer));
        Tensor loss = model.Linear.weight.sum();

        wrapper.UpdateParams(loss);

        wrapper.Loss.Should().BeSameAs(loss);
        model.Linear.weight.grad.Should().BeNull();
        wrapper.UpdateCount.Should().Be(0);
        wrapper.FinishIter();
        wrapper.Loss.Should().BeNull();
    }

    [Fact]
    public void A_second_loss_in_an_iteration_is_refused_unless_the_model_updates_itself()
    {
        using DisposeScope scope = NewDisposeScope();
        DeferredOptimWrapper forHook = new(new DeferredOptimWrapperOptions(null));
        DeferredOptimWrapper forModel = new(new DeferredOptimWrapperOptions(null) { Owner = UpdateOwner.Model });
        forHook.UpdateParams(ones(1));
        forModel.UpdateParams(ones(1));

        Action second = () => forHook.UpdateParams(ones(1));
        Action allowed = () => forModel.UpdateParams(ones(1));

        second.Should().Throw<CompatException>().Which.Diagnostics.Should().Equal(new CompatDiagnostic(
            "COMPAT0207",
            "UpdateParams was called twice in one iteration, but a legacy optimizer hook updates the weights, once and from one loss. "
            + "Add the losses up and call it once, or train with the engine's OptimWrapper."));
        allowed.Should().NotThrow();
    }

    [Theory]
    [InlineData(UpdateOwner.Hook, true, true)]
    [InlineData(UpdateOwner.Hook, false, false)]
    [InlineData(UpdateOwner.Model, true, false)]
    public void A_ported_model_that_steps_by_itself_is_refused_in_its_first_iteration(UpdateOwner owner, bool steps, bool refused)
    {
        using DisposeScope scope = NewDisposeScope();
        using ProbeModel model = new(new());
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.01 });
        DeferredOptimWrapper wrapper = new(new DeferredOptimWrapperOptions(optimizer) { Owner = owner });
        wrapper.InitializeCountStatus(model, 0, 2, NullLogger.Instance);
        if (steps)
        {
            model.Linear.weight.sum().backward();
            optimizer.step();
        }

        Action first = () => wrapper.UpdateParams(model.Linear.weight.sum());

        if (!refused)
        {
            first.Should().NotThrow();
            wrapper.FinishIter();
            optimizer.step();                                         // the hook
            first.Should().NotThrow();
            return;
        }

        first.Should().Throw<CompatException>().Which.Diagnostics.Should().Equal(new CompatDiagnostic(
            "COMPAT0201",
            "ProbeModel updates the weights in its own TrainStep, and a legacy optimizer hook updates them after it: each iteration would update twice. Remove one "
            + "of the two."));
    }

    [Fact]
    public void A_schedule_drives_the_optimizer_that_it_names()
    {
        using DisposeScope scope = NewDisposeScope();
        using ProbeModel model = new(new());
        using FusedSgd linear = new(model.Linear.parameters(), new() { Lr = 0.5 });
        using FusedSgd norm = new(model.Norm.parameters(), new() { Lr = 0.25 });
        OptimizerSet optimizers = new([KeyValuePair.Create<string, optim.Optimizer>("linear", linear), KeyValuePair.Create<string, optim.Optimizer>("norm", norm)]);
        using DeferredOptimWrapper wrapper = new(new DeferredOptimWrapperOptions(optimizers));

        new MultiStepLrOptions { Milestones = [0], Optimizer = "norm" }.Build(wrapper).Should().ContainSingle().Which.Optimizer.Should().Be("norm");
        IReadOnlyList<ParamScheduler> each = new MultiStepLrOptions { Milestones = [5] }.Build(wrapper);

        (OptimizerGroup.Of(linear)[0].Lr, OptimizerGroup.Of(norm)[0].Lr).Should().Be((0.5, 0.025));
        each.Select(schedule => schedule.Optimizer).Should().Equal("linear", "norm");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Each_of_several_optimizers_has_its_own_count(bool second)
    {
        using ProbeModel model = new(new());
        using FusedSgd linear = new(model.Linear.parameters(), new() { Lr = 0.5 });
        using FusedSgd norm = new(model.Norm.parameters(), new() { Lr = 0.25 });
        OptimizerSet optimizers = new([KeyValuePair.Create<string, optim.Optimizer>("linear", linear), KeyValuePair.Create<string, optim.Optimizer>("norm", norm)]);
        IterationProbe probe = new();
        using MessageHub hub = new();
        using DeferredOptimWrapper wrapper = new(new DeferredOptimWrapperOptions(optimizers));
        wrapper.Attach(new() { MessageHub = hub, Logger = NullLogger.Instance, Probe = probe });

        probe.OnClipped(second ? norm : linear);

        wrapper.Members.Select(member => member.Value.UpdateCount).Should().Equal(second ? [0, 1] : [1, 0]);
        wrapper.Dispose();
        probe.OnClipped(second ? norm : linear);
        wrapper.Members.Sum(member => member.Value.UpdateCount).Should().Be(1, "they listen no more");
    }

    [Theory]
    [InlineData(true, 6)]
    [InlineData(false, 0)]
    public void It_counts_the_updates_that_a_hook_announces(bool hasHook, int updates)
    {
        using Trainer trainer = new(runner =>
        {
            if (hasHook)
            {
                runner.RegisterHook(new OwnOptimizerHook());
            }
        });
        Compat.Engine.Runner engine = trainer.AsEngine();

        engine.Train();

        engine.OptimWrapper.UpdateCount.Should().Be(updates);
    }

    [Fact]
    public void Disposed_it_counts_no_more()
    {
        using Trainer trainer = new(runner => runner.RegisterHook(new OwnOptimizerHook()));
        Compat.Engine.Runner engine = trainer.AsEngine();
        engine.Train();

        engine.Dispose();
        trainer.Runner.Probe.OnClipped(trainer.Optimizer);

        engine.OptimWrapper.UpdateCount.Should().Be(6);
    }

    [Fact]
    public void A_state_that_does_not_fit_leaves_all_optimizers_as_they_were()
    {
        using DisposeScope scope = NewDisposeScope();
        using ProbeModel model = new(new());
        using optim.Optimizer first = optim.SGD(model.Linear.parameters(), 0.01);
        using optim.Optimizer second = optim.SGD(model.Norm.parameters(), 0.02);
        DeferredOptimWrapper wrapper = new(new DeferredOptimWrapperOptions(new OptimizerSet([new("a", first), new("b", second)])));
        PthDict state = wrapper.SaveState();
        ((PthDict)((PthSequence)((PthDict)state["a"])["param_groups"]).Items[0])["lr"] = 0.25;
        state["b"] = new PthDict();

        Action load = () => wrapper.LoadState(state);

        load.Should().Throw<PthException>();
        wrapper.ParamGroups.Select(group => group.Lr).Should().Equal(0.01, 0.02);
    }

    [Theory]
    [InlineData(false, "lr")]
    [InlineData(true, "main.lr")]
    public void The_engine_sees_the_learning_rates(bool namesOptimizer, string name)
    {
        using Trainer trainer = new(namesOptimizer: namesOptimizer);
        Compat.Engine.Runner engine = trainer.AsEngine();
        engine.Train();

        engine.OptimWrapper.LrEntries.Select(entry => entry.Name).Should().Equal(name);
        engine.OptimWrapper.ParamGroups.Should().ContainSingle().Which.Lr.Should().Be(0.01);
        engine.MessageHub.GetScalar($"train/{name}").Current().Should().Be(0.01);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_optimizers_states_are_saved_by_name_and_loaded(bool namesOptimizer)
    {
        using DisposeScope scope = NewDisposeScope();
        using Trainer trainer = new(namesOptimizer: namesOptimizer);
        Compat.Engine.Runner engine = trainer.AsEngine();
        engine.Train();
        PthDict state = engine.OptimWrapper.SaveState();
        PthDict own = namesOptimizer ? (PthDict)state["main"] : state;
        ((PthDict)((PthSequence)own["param_groups"]).Items[0])["lr"] = 0.25;

        engine.OptimWrapper.LoadState(state);

        engine.OptimWrapper.ParamGroups[0].Lr.Should().Be(0.25);
        engine.OptimWrapper.SaveProgress().Count.Should().Be(0);
        engine.OptimWrapper.KeepGradients.Should().BeTrue();
        Action lacking = () => engine.OptimWrapper.LoadState([]);
        lacking.Should().Throw<PthException>().WithMessage(namesOptimizer ? "The state lacks 'main', which must be an optimizer's state.*" : "The value is no state of an optimizer*");
    }
}
