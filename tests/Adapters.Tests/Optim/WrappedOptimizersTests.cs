using Compat.Adapters.Diagnostics;
using Compat.Adapters.Equivalence;
using Compat.Adapters.Hooks;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Optim;

namespace Compat.Adapters.Tests.Optim;

/// <summary>The old side's parts beside a dictionary of the engine's wrappers.</summary>
public sealed class WrappedOptimizersTests
{
    [Fact]
    public void Legacy_hooks_find_the_optimizers_of_a_dictionary_by_name()
    {
        List<string> seen = [];

        Train(new ActionHook(runner => seen.Add(string.Join(' ', runner.Optimizer!.All.Select(entry => $"{entry.Key}:{OptimizerGroup.Of(entry.Value).Single().Lr}")))).AsEngine());

        seen.Should().Equal(Enumerable.Repeat("first:0.01 second:0.02", 4));
    }

    [Fact]
    public void A_legacy_optimizer_hook_beside_a_dictionary_is_a_second_owner()
    {
        Action act = () => Train(new OptimizerHook().AsEngine());

        act.Should().Throw<CompatException>().Which.Diagnostics.Should().Contain(new CompatDiagnostic(
            "COMPAT0201", "OptimizerHook is registered, but OptimWrapperDict updates the weights already: each iteration would update twice. Remove one of the two."));
    }

    [Fact]
    public void A_trace_has_rates_and_momenta_by_name_and_the_gradients_of_each_turn_once()
    {
        TraceRecorder recorder = new("pair");

        Train(new EngineTraceHook(recorder));

        recorder.Trace.Iterations.Should().HaveCount(4);
        foreach (IterationTrace iteration in recorder.Trace.Iterations)
        {
            Names(iteration, Observation.LearningRate).Should().Equal("first.lr", "second.lr");
            Names(iteration, Observation.Momentum).Should().Equal("first.momentum", "second.momentum");
            Names(iteration, Observation.Gradients).Should().Equal("first.weight", "first.bias");
            Names(iteration, Observation.Gradients.At(2)).Should().Equal("second.weight", "second.bias");
            Names(iteration, Observation.ClippedGradients.At(2)).Should().Equal("second.weight", "second.bias");
            iteration.Weights.Should().HaveCount(4);
        }
    }

    private static IEnumerable<string> Names(IterationTrace iteration, Observation observation) => iteration[observation].Values.Select(entry => entry.Key);

    private static void Train(Compat.Engine.Hooks.Hook hook)
    {
        using TemporaryFolder folder = new();
        using PairModel model = new();
        using Compat.Engine.Runner runner = new(new()
        {
            Model = model,
            WorkDir = folder.Path,
            Logger = new ListLogger(),
            TrainDataloader = ToyDataset.Loader(4),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 2 },
            OptimWrapper = new OptimWrapperDictOptions
            {
                ["first"] = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01, Momentum = 0.9 } },
                ["second"] = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.02, Momentum = 0.5 } },
            },
            CustomHooks = [hook],
        });
        runner.Train();
    }
}
