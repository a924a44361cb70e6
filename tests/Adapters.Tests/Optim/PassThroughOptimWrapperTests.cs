using Compat.Adapters.Diagnostics;
using Compat.Adapters.Tests.Support;
using Compat.Legacy;
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

        Action update = () => engine.OptimWrapper.UpdateParams(ones(1));

        update.Should().Throw<CompatException>().Which.Diagnostics.Should().Equal(new CompatDiagnostic(
            "COMPAT0201",
            $"UpdateParams was called, but {owner} updates the weights already: each iteration would update twice. Remove one of the two."));
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

    private sealed class OwnOptimizerHook : OptimizerHook
    {
    }
}
