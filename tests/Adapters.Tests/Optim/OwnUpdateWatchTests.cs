using Compat.Adapters.Diagnostics;
using Compat.Adapters.Equivalence;
using Compat.Adapters.Models;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.TestSupport.Toy;
using Compat.Torch.Optim;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Optim;

public sealed class OwnUpdateWatchTests
{
    [Theory]
    [InlineData(false, "the OptimWrapper in place of the legacy hook")]
    [InlineData(true, "a legacy optimizer hook")]
    public void A_model_that_steps_by_itself_beside_an_optimizer_hook_is_refused_before_the_second_update(bool kept, string owner)
    {
        string? afterOwnStep = null;
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks(kept ? OptimizerConfig.FromHook(new OwnOptimizerHook()) : null)), (model, batch, optimizers) =>
        {
            StepOutputs outputs = Stepping(model, batch, optimizers!.Single);
            afterOwnStep = TensorSnapshot.Of(model.Linear.weight).Hash;
            return outputs;
        });

        trainer.Invoking(refused => refused.Train(onEngine: true)).Should().Throw<CompatException>().Which.Diagnostics.Should().Equal(new CompatDiagnostic(
            "COMPAT0201",
            $"ProbeModel updates the weights in its own TrainStep, and {owner} updates them after it: each iteration would update twice. Remove one of the two."));
        TensorSnapshot.Of(trainer.Model.Linear.weight).Hash.Should().Be(afterOwnStep);
        trainer.Runner.Iter.Should().Be(0);
    }

    [Theory]
    [InlineData("SGD")]
    [InlineData("Adam")]
    [InlineData("RMSProp")]
    [InlineData("fused")]
    [InlineData("foreach")]
    [InlineData("per parameter")]
    public void Steps_of_all_optimizers_are_noticed_on_a_native_runner(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using ProbeModel model = new(new(), (probe, batch, optimizers) => Stepping(probe, batch, optimizers!.Single));
        using optim.Optimizer optimizer = kind switch
        {
            "SGD" => optim.SGD(model.parameters(), 0.01),
            "Adam" => optim.Adam(model.parameters(), 0.01),
            "RMSProp" => optim.RMSProp(model.parameters(), 0.01),
            "fused" => new FusedAdam(model.parameters(), new(), Implementation.Fused),
            "foreach" => new FusedSgd(model.parameters(), new() { Lr = 0.1 }, Implementation.Foreach),
            _ => new FusedSgd(model.parameters(), new() { Lr = 0.1 }, Implementation.PerParameter),
        };
        using OptimWrapper wrapper = new(new OptimWrapperOptions { Optimizer = new BuiltOptimizer(optimizer) }, model);

        Action step = () => model.AsEngine().TrainStep(Batch(), wrapper);

        step.Should().Throw<CompatException>().Which.Diagnostics.Should().ContainSingle().Which.Text.Should().StartWith(
            "ProbeModel updates the weights in its own TrainStep, and OptimWrapper updates them after it");
    }

    [Fact]
    public void Reading_the_rate_or_clamping_weights_is_no_update()
    {
        using Trainer reading = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()), (model, batch, optimizers) =>
        {
            optimizers!.Single.ParamGroups.First().LearningRate.Should().BePositive();
            return model.Usual(batch);
        });
        using Trainer clamping = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()), (model, batch, _) =>
        {
            using (no_grad())
            {
                model.Linear.weight.clamp_(-0.5, 0.5);
            }

            return model.Usual(batch);
        });

        reading.Train(onEngine: true).Trace.Iterations.Should().HaveCount(6);
        clamping.Train(onEngine: true).Trace.Iterations.Should().HaveCount(6);
    }

    [Fact]
    public void Only_the_first_step_is_watched()
    {
        List<OptimizerSet?> given = [];
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()), (model, batch, optimizers) =>
        {
            given.Add(optimizers);
            return model.Usual(batch);
        });

        trainer.Train(onEngine: true);

        given.Should().HaveCount(6);
        given[0].Should().NotBeSameAs(trainer.Runner.Optimizer);
        given[1..].Should().AllSatisfy(set => set.Should().BeSameAs(trainer.Runner.Optimizer));
    }

    private static StepOutputs Stepping(ProbeModel model, ToyBatch batch, optim.Optimizer optimizer)
    {
        Tensor loss = model.Loss(batch);
        optimizer.zero_grad();
        loss.backward();
        optimizer.step();
        return model.Usual(batch);
    }

    private static ToyBatch Batch() => new(tensor(new float[] { 1, 2 }, 2, 1), ones(2, 1));
}
