using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>What one process trains on: its own batches, or those of all ranks joined.</summary>
/// <param name="Collectives">Who it trains with.</param>
/// <param name="Process">Whose samples it reads.</param>
/// <param name="BatchSize">How many in each iteration.</param>
internal sealed record TrainingShare(ICollectives Collectives, ProcessRank Process, int BatchSize)
{
    public const int Iterations = 20;
    private const int PerRank = 2;

    public static TrainingShare Together(ICollectives collectives) => new(collectives, collectives.Rank, PerRank);

    public static TrainingShare Whole(ICollectives collectives) => new(SingleProcess.Instance, default, PerRank * collectives.Rank.WorldSize);

    public static TrainingShare Alone(ICollectives collectives) => new(SingleProcess.Instance, collectives.Rank, PerRank);

    /// <summary>Reads as many samples as the iterations take: a curve, and beside its height a 1 where the sample uses the spare layer.</summary>
    public BatchLoader Loader(SpareUse use = SpareUse.Never, int iterations = Iterations)
    {
        int joined = BatchSize * Process.WorldSize;
        ListDataset data = Samples(iterations * joined, i => Uses(use, i, joined));
        return new BatchLoader(data, new() { BatchSize = BatchSize, Sampler = new DefaultSampler(data, shuffle: false, seed: 0, process: Process) });
    }

    /// <summary>Makes samples of the curve.</summary>
    public static ListDataset Samples(int count, Func<int, bool> usesSpare) => new(Enumerable.Range(0, count).Select(i => Sample(i, usesSpare(i))));

    private static bool Uses(SpareUse use, int sample, int joined) => use switch
    {
        SpareUse.Rarely => sample % 12 == 1,
        SpareUse.AtFirst => sample < joined || sample % 12 == 1,
        SpareUse.EveryOtherIteration => sample / joined % 2 == 0,
        _ => false,
    };

    private static ToyBatch Sample(int index, bool usesSpare)
    {
        using DisposeScope scope = NewDisposeScope();
        double at = index * 7 % 41 / 41.0;                               // neighbours differ, so that each rank sees something else
        Tensor inputs = tensor([at, at * at, 1 - at], ScalarType.Float32);
        Tensor target = tensor([Math.Sin(5 * at), usesSpare ? 1 : 0], ScalarType.Float32);
        return new(inputs.MoveToOuterDisposeScope(), target.MoveToOuterDisposeScope());
    }
}
