using System.Text.Json;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>Compares a training of several ranks with one of a single process on the joined batches, iteration by iteration.</summary>
internal static class WholeBatch
{
    private const double Rounding = 1e-6;

    /// <summary>Tells whether the batches of the ranks, joined, are those of a single process that reads on: in order, and equally large on all ranks.</summary>
    public static bool IsComparable(GoldenRank golden)
    {
        JsonElement one = golden.Case;
        return golden.Setting("single_process") is { } single
            && (!single.TryGetProperty("batches_of_equal_size", out JsonElement equal) || equal.GetBoolean())
            && one.GetProperty("sampler").GetProperty("type").GetString() is "DefaultSampler" or "DistributedSampler"
            && !GoldenSettings.Flag(one.GetProperty("sampler"), "shuffle")
            && one.GetProperty("samples").GetInt32() % one.GetProperty("world_size").GetInt32() == 0
            && one.GetProperty("model").GetString() != "gan";         // its noise is drawn by each rank
    }

    /// <summary>Compares. On its own share alone, each rank ends elsewhere: the control.</summary>
    public static void Compare(IReadOnlyList<float[]> ranks, IReadOnlyList<float[]> joined, IReadOnlyList<float[]> share)
    {
        joined.Should().HaveCount(ranks.Count);
        for (int i = 0; i < ranks.Count; i++)
        {
            Distance(ranks[i], joined[i]).Should().BeLessThan(Rounding, "iteration {0} is that of one process on the whole batch", i);
        }

        Distance(ranks[^1], share[^1]).Should().BeGreaterThan(100 * Rounding, "what the other ranks know matters");
    }

    private static double Distance(float[] one, float[] other) => one.Zip(other, (a, b) => Math.Abs((double)a - b)).Max();
}
