using Compat.Adapters.Diagnostics;
using Compat.Adapters.Equivalence;
using Compat.Adapters.Hooks;
using Compat.Adapters.Models;
using Compat.Adapters.Runners;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.Torch.Amp;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Optim;

public sealed class OwnUpdateCheckTests
{
    private static readonly FusedSgdOptions Sgd = new() { Lr = 0.05, Momentum = 0.9 };

    private static BatchLoader Loader => new(new RampDataset(8), new BatchLoaderOptions { BatchSize = 3 });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_model_that_steps_two_optimizers_in_turn_trains_the_same_everywhere(bool byEpoch)
    {
        TrainingTrace legacy = Old(byEpoch, onEngine: false);
        TrainingTrace migrating = Old(byEpoch, onEngine: true);
        TrainingTrace native = Native(new TurnModel { ReturnsLoss = byEpoch }, Named(Plain, Plain)).Trace;

        legacy.Iterations.Should().HaveCount(6);
        Same.Should(legacy, migrating);
        Weights(native).Should().Equal(Weights(legacy));
        Weights(legacy).Distinct().Should().HaveCount(6, "each iteration moves something");
        Weights(Native(new TurnModel(), Named(Plain, Plain with { Optimizer = Sgd with { Lr = 0.051 } })).Trace).Should().NotEqual(Weights(legacy));
    }

    [Fact]
    public void A_model_that_steps_one_optimizer_and_returns_no_loss_is_let_alone()
    {
        using TurnModel alone = new();
        using FusedSgd optimizer = new(alone.parameters(), Sgd);
        TraceRecorder recorder = new("legacy");
        using EpochBasedRunner runner = new(alone, new() { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 2 });
        runner.RegisterHook(new LegacyTraceHook(recorder), HookPriority.Lowest);
        runner.Run([Loader], [("train", 1)]);

        Weights(Native(new TurnModel(), Plain).Trace).Should().Equal(Weights(recorder.Trace));
    }

    [Fact]
    public void A_loss_beside_an_own_step_of_the_only_optimizer_is_a_second_owner()
    {
        Action train = () => Native(new TurnModel { ReturnsLoss = true }, Plain);

        train.Should().Throw<CompatException>().Which.Diagnostics.Should().ContainSingle().Which.Id.Should().Be("COMPAT0201");
    }

    [Fact]
    public void What_the_model_would_pass_by_is_refused_before_it_steps_with_the_line_to_write()
    {
        using TurnModel model = new();
        Action train = () => Native(
            model,
            Named(Plain with { AccumulativeCounts = 2, ClipGrad = new GradClipNormOptions { MaxNorm = 1 } }, new AmpOptimWrapperOptions { Optimizer = Sgd, Autocast = false }));

        train.Should().Throw<CompatException>().Which.Diagnostics.Should().Equal(
            new CompatDiagnostic(
                "COMPAT0209",
                "TurnModel computes gradients and steps by itself, which passes by what the wrapper 'generator' is set to do: accumulate over 2 counts, clip gradients. Port "
                + "its TrainStep to BaseModel, with one line optimWrapper[\"generator\"].UpdateParams(loss) in place of each zero_grad(), backward() and step(); or use a plain "
                + "OptimWrapperOptions, as the old trainer did."),
            new CompatDiagnostic(
                "COMPAT0209",
                "TurnModel computes gradients and steps by itself, which passes by what the wrapper 'discriminator' is set to do: lower the precision or scale the loss. Port "
                + "its TrainStep to BaseModel, with one line optimWrapper[\"discriminator\"].UpdateParams(loss) in place of each zero_grad(), backward() and step(); or use a "
                + "plain OptimWrapperOptions, as the old trainer did."));
        model.Steps.Should().Be(0);
    }

    [Fact]
    public void With_one_optimizer_it_is_refused_once_the_model_was_seen_to_step()
    {
        using TurnModel model = new();
        Action train = () => Native(model, new AmpOptimWrapperOptions { Optimizer = Sgd, LossScale = new GradScalerOptions { Enabled = false } });

        train.Should().Throw<CompatException>().Which.Diagnostics.Should().ContainSingle()
            .Which.Text.Should().Contain("what its wrapper is set to do: lower the precision").And.Contain("one line optimWrapper.UpdateParams(loss)");
        model.Steps.Should().Be(1);
    }

    [Fact]
    public void Beside_a_translated_hook_it_is_a_second_owner()
    {
        using TurnModel model = new();
        using FusedSgd optimizer = new(model.parameters(), Sgd);
        using EpochBasedRunner legacy = new(model, new() { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 1 });
        legacy.RegisterOptimizerHook(new OptimizerConfig());

        legacy.Invoking(runner => runner.AsEngine([Loader], [("train", 1)]).Train()).Should().Throw<CompatException>()
            .Which.Diagnostics.Should().ContainSingle().Which.Id.Should().Be("COMPAT0201");
    }

    [Fact]
    public void Legacy_hooks_on_the_native_runner_see_the_optimizers_by_name()
    {
        List<string> names = [];
        using TurnModel model = new();

        Native(model, Named(Plain, Plain), new ActionHook(runner => names.AddRange(runner.Optimizer!.All.Select(entry => entry.Key))));

        names.Distinct().Should().Equal("generator", "discriminator");
    }

    private static OptimWrapperOptions Plain => new() { Optimizer = Sgd };

    private static OptimWrapperDictOptions Named(OptimWrapperOptions generator, OptimWrapperOptions discriminator) =>
        new() { ["generator"] = generator, ["discriminator"] = discriminator };

    private static IEnumerable<string> Weights(TrainingTrace trace) =>
        trace.Iterations.Select(iteration => string.Join(' ', iteration.Weights.Select(weight => weight.Value.Hash)));

    private static (TrainingTrace Trace, LegacyModelAdapter Adapter) Native(TurnModel model, BaseOptimWrapperOptions wrapper, Hook? hook = null)
    {
        using TemporaryFolder folder = new();
        TraceRecorder recorder = new("engine");
        LegacyModelAdapter adapter = model.AsEngine();
        using Compat.Engine.Runner runner = new(new()
        {
            Model = adapter,
            WorkDir = folder.Path,
            Device = CPU,
            TrainDataloader = Loader,
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 2 },
            OptimWrapper = wrapper,
            CustomHooks = hook is null ? [new EngineTraceHook(recorder)] : [new EngineTraceHook(recorder), hook.AsEngine()],
            Logger = new ListLogger(),
        });
        runner.Train();
        return (recorder.Trace, adapter);
    }

    private static TrainingTrace Old(bool byEpoch, bool onEngine)
    {
        using TurnModel model = new() { ReturnsLoss = byEpoch };
        using FusedSgd generator = new(model.Generator.parameters(), Sgd);
        using FusedSgd discriminator = new(model.Discriminator.parameters(), Sgd);
        RunnerOptions options = new()
        {
            Logger = new ListLogger(),
            Optimizer = new OptimizerSet([new("generator", generator), new("discriminator", discriminator)]),
            MaxEpochs = byEpoch ? 2 : null,
            MaxIters = byEpoch ? null : 6,
        };
        TraceRecorder recorder = new("legacy");
        using WorkflowRunner runner = byEpoch ? new EpochBasedRunner(model, options) : new IterBasedRunner(model, options);
        runner.RegisterHook(new LegacyTraceHook(recorder), HookPriority.Lowest);
        if (onEngine)
        {
            using Compat.Engine.Runner engine = runner.AsEngine([Loader], [("train", 1)]);
            engine.Train();
        }
        else
        {
            runner.Run([Loader], [("train", 1)]);
        }

        return recorder.Trace;
    }
}
