using Compat.Adapters.Diagnostics;
using Compat.Adapters.Tests.Support;
using Compat.Legacy;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Optim;

public sealed class PassThroughOptimWrapperTests
{
    [Theory]
    [InlineData(true, "OwnOptimizerHook")]
    [InlineData(false, "ProbeModel itself")]
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
            ("UpdateParams", () => engine.OptimWrapper.UpdateParams(ones(1))),
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
        lacking.Should().Throw<PthException>().WithMessage(namesOptimizer ? "The state has no optimizer 'main'.*" : "The value is no state of an optimizer*");
    }

    private sealed class OwnOptimizerHook : OptimizerHook
    {
    }
}
