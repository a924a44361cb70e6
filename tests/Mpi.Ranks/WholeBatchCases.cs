using Compat.Engine;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Optim;
using Compat.Torch.Randomness;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks;

/// <summary>Ranks that share the batches train as one process does on the whole ones, at each of 20 iterations.</summary>
internal static class WholeBatchCases
{
    private const int Iterations = 20;
    private const int PerRank = 2;

    public static IReadOnlyList<RankCase> All { get; } =
    [
        Case("Plain", new() { Optimizer = new FusedSgdOptions { Lr = 0.1 } }),
        Case("Momentum", new() { Optimizer = new FusedSgdOptions { Lr = 0.02, Momentum = 0.9 } }),
        Case("Adam", new() { Optimizer = new FusedAdamOptions { Lr = 0.01 } }),
        Case("Accumulation", new() { Optimizer = new FusedSgdOptions { Lr = 0.1 }, AccumulativeCounts = 3 }),
        Case("Clipping", new() { Optimizer = new FusedSgdOptions { Lr = 0.1 }, ClipGrad = new GradClipNormOptions { MaxNorm = 0.05 } }),
        new("Shares_alone_train_otherwise", AloneDiffers),
    ];

    private static RankCase Case(string feature, OptimWrapperOptions wrapper) => new($"{feature}_trains_as_one_process_on_the_whole_batch", collectives =>
    {
        double[][] together = Train(wrapper, collectives, PerRank, collectives.Rank);
        double[][] whole = Train(wrapper, SingleProcess.Instance, PerRank * collectives.Rank.WorldSize, default);
        for (int i = 0; i < Iterations; i++)
        {
            collectives.GatherTexts(string.Join(' ', together[i])).Distinct().Should().ContainSingle("all ranks have the same weights after iteration {0}", i);
            Distance(together[i], whole[i]).Should().BeLessThan(1e-6, "after iteration {0}", i);
        }

        Distance(whole[0], whole[^1]).Should().BeGreaterThan(1e-3, "something was trained");
    });

    // Without the exchange a rank sees its own samples only.
    private static void AloneDiffers(ICollectives collectives)
    {
        OptimWrapperOptions wrapper = new() { Optimizer = new FusedSgdOptions { Lr = 0.1 } };
        double[][] alone = Train(wrapper, SingleProcess.Instance, PerRank, collectives.Rank);
        double[][] whole = Train(wrapper, SingleProcess.Instance, PerRank * collectives.Rank.WorldSize, default);
        Distance(alone[^1], whole[^1]).Should().BeGreaterThan(1e-4);
    }

    private static double Distance(double[] one, double[] other) => one.Zip(other, (a, b) => Math.Abs(a - b)).Max();

    private static double[][] Train(OptimWrapperOptions wrapper, ICollectives collectives, int batchSize, ProcessRank share)
    {
        using TemporaryFolder folder = new();
        TorchSeed.Set(3);
        using CurveModel model = new();
        using ListDataset data = new(Enumerable.Range(0, Iterations * PerRank * 4).Select(i => Sample(i / 40.0)));
        using BatchLoader loader = new(data, new() { BatchSize = batchSize, Sampler = new DefaultSampler(data, shuffle: false, seed: 0, process: share) });
        WeightsHook weights = new();
        using Runner runner = new(new()
        {
            Model = model,
            WorkDir = folder.Path,
            Logger = new ListLogger(),
            Device = CPU,
            Collectives = collectives,
            TrainDataloader = loader,
            TrainCfg = new IterBasedTrainLoopOptions { MaxIters = Iterations },
            OptimWrapper = wrapper,
            CustomHooks = [weights],
        });
        runner.Train();
        weights.Rows.Should().HaveCount(Iterations);
        return [.. weights.Rows];
    }

    private static ToyBatch Sample(double at)
    {
        using DisposeScope scope = NewDisposeScope();
        return new(tensor([at, at * at, 1 - at], ScalarType.Float32).MoveToOuterDisposeScope(), tensor([Math.Sin(5 * at)], ScalarType.Float32).MoveToOuterDisposeScope());
    }

    private sealed class CurveModel : BaseModel<ToyBatch>
    {
        private readonly Linear hidden = nn.Linear(3, 8);
        private readonly Linear last = nn.Linear(8, 1);

        public CurveModel() => RegisterComponents();

        protected override LossDict Loss(ToyBatch batch) =>
            new() { ["loss"] = (last.forward(tanh(hidden.forward(batch.Img))) - batch.Label).pow(2).mean() };
    }

    private sealed class WeightsHook : Hook
    {
        public List<double[]> Rows { get; } = [];

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments) =>
            Rows.Add([.. runner.Model.StateModule.parameters().SelectMany(parameter => parameter.detach().to(ScalarType.Float64).data<double>().ToArray())]);
    }
}
