using Compat.Adapters.Diagnostics;
using Compat.Adapters.Runners;
using Compat.Adapters.Tests.Support;
using Compat.Legacy;
using Compat.Torch.Data;

namespace Compat.Adapters.Tests.Runners;

public sealed class LegacyRunnerTranslatorTests
{
    [Fact]
    public void Several_optimizer_hooks_are_refused()
    {
        using Trainer trainer = new(runner =>
        {
            runner.RegisterOptimizerHook(new OptimizerConfig());
            runner.RegisterHook(new OwnOptimizerHook());
        });

        Refusals(trainer).Should().Equal("COMPAT0202: The runner has 2 optimizer hooks (OptimizerHook, OwnOptimizerHook): each iteration would update 2 times. Keep one.");
    }

    [Fact]
    public void A_workflow_with_another_flow_is_refused()
    {
        using Trainer trainer = new();

        Refusals(trainer, [trainer.Loaders[0], trainer.Loaders[0]], [("train", 1), ("val", 1)]).Should().Equal(
            "COMPAT0701: The workflow is [('train', 1), ('val', 1)] with 2 loaders; the engine takes one 'train' flow with one loader. "
            + "Validate after training with the old code, or port the validation to the engine's ValLoop.");
    }

    [Fact]
    public void Loaders_and_flows_that_do_not_match_are_refused()
    {
        using Trainer trainer = new();

        Refusals(trainer, [], [("train", 1)]).Should().ContainSingle().Which.Should().StartWith("COMPAT0701: The workflow is [('train', 1)] with 0 loaders;");
    }

    [Fact]
    public void A_runner_without_a_limit_is_refused()
    {
        using Trainer trainer = new(maxEpochs: null);

        Refusals(trainer).Should().Equal(
            "COMPAT0702: The runner has no MaxEpochs, so the engine does not know when to stop. Set MaxEpochs in the runner's options.");
    }

    [Fact]
    public void Everything_that_is_refused_is_in_one_report()
    {
        using Trainer trainer = new(
            runner =>
            {
                runner.RegisterOptimizerHook(new OptimizerConfig());
                runner.RegisterOptimizerHook(new OptimizerConfig());
            },
            maxEpochs: null);
        Refusals(trainer, trainer.Loaders, [("val", 1)]).Select(text => text[..10]).Should().Equal("COMPAT0202", "COMPAT0701", "COMPAT0702");
    }

    [Fact]
    public void A_usual_trainer_is_not_refused()
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()));

        trainer.Invoking(usual => usual.AsEngine()).Should().NotThrow();
    }

    private static List<string> Refusals(Trainer trainer, IReadOnlyList<BatchLoader>? loaders = null, IReadOnlyList<WorkflowStep>? workflow = null)
    {
        Action convert = () => trainer.Runner.AsEngine(loaders ?? trainer.Loaders, workflow ?? trainer.Workflow);
        return [.. convert.Should().Throw<CompatException>().Which.Diagnostics.Select(diagnostic => diagnostic.ToString())];
    }
}
