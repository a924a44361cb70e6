using System.Text.Json;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>Where MMCV's ranks drift apart, hang, or fail an iteration late (decision 39), told by what a case contains.</summary>
internal static class LegacyDefects
{
    /// <summary>Says why a case is not run yet: a feature that a later issue brings; null if it is run.</summary>
    public static string? ToCome(GoldenRank golden) => golden.Setting("sync_buffers") is null ? null : "issue G: SyncBuffersHook";

    /// <summary>Says what ours refuses.</summary>
    public static string? Refusal(GoldenRank golden)
    {
        bool isPlain = golden.Case.GetProperty("optimizer_config").GetProperty("type").GetString() == "OptimizerHook";
        return LegacyTraining.OrdersOf(golden) is { } orders && orders.Select(order => Batches(golden, order.Count)).Distinct().Count() > 1 ? "The processes have trainings of different lengths: *"
            : golden.Setting("wrapper") is null && isPlain ? "* processes train, but GoldenNet is not wrapped: *"
            : Errs(golden) && golden.Setting("gate") is { } gate && !gate.EnumerateArray().All(rank => rank[0].GetBoolean()) ? "Trainable parameters got no gradient: spare.weight *"
            : null;
    }

    /// <summary>Tells whether ours trains where the original drifts or fails, so that its numbers are not those to expect. All ranks still have the same bits.</summary>
    public static bool NumbersDiffer(GoldenRank golden) => Errs(golden);

    /// <summary>Tells whether the ranks start with different models and nobody is asked to make them equal. The engine does it all the same.</summary>
    public static bool StartsApart(GoldenRank golden) => golden.Setting("wrapper") is null && golden.Setting("init") is not null;

    private static bool Errs(GoldenRank golden) => golden.Case.TryGetProperty("error", out JsonElement _) || golden.Case.TryGetProperty("error_by_rank", out _);

    private static int Batches(GoldenRank golden, int samples)
    {
        int size = golden.Case.GetProperty("batch_size").GetInt32();
        return (samples + size - 1) / size;
    }
}
