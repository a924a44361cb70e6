using System.Text.Json;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>Where MMEngine's ranks drift apart, hang, or fail an iteration late (decision 39), told by what a case contains.</summary>
internal static class EngineDefects
{
    /// <summary>Says why a case is not run yet: a feature that a later issue brings; null if it is run.</summary>
    public static string? ToCome(GoldenRank golden) =>
        golden.Setting("auto_scale_lr") is not null ? "issue D: scaling the rate by the size of all batches"
        : golden.Setting("custom_hooks") is { } hooks && hooks.GetArrayLength() > 0 ? "issue G: SyncBuffersHook"
        : GoldenSettings.Flag(golden.Case.GetProperty("randomness"), "diff_rank_seed") ? "issue G: a seed for each rank"
        : null;

    /// <summary>Tells whether ours trains where the original drifts or fails, so that its numbers are not those to expect. All ranks still have the same bits.</summary>
    public static bool NumbersDiffer(GoldenRank golden) =>
        Errs(golden) || (Accumulates(golden) && (golden.Setting("gate") is not null || golden.Setting("train_scale") is not null))
        || (golden.Setting("init") is not null && golden.Case.GetProperty("model").GetString() == "gan");

    /// <summary>Says what ours refuses where the original drifts, hangs or fails an iteration late (decision 39).</summary>
    public static string? Refusal(GoldenRank golden)
    {
        JsonElement sampler = golden.Case.GetProperty("sampler");
        bool hasUnevenBatches = GoldenSettings.Flag(golden.Case.GetProperty("train_cfg"), "by_epoch") || golden.Case.GetProperty("samples").GetInt32() < 6;
        bool isUneven = sampler.TryGetProperty("round_up", out JsonElement roundUp) && !roundUp.GetBoolean() && hasUnevenBatches
            && Batches(golden, 0) != Batches(golden, golden.Case.GetProperty("world_size").GetInt32() - 1);
        return isUneven ? "The processes have trainings of different lengths: *"
            : golden.Setting("gate") is { } gate && Errs(golden) && !IsUsedInEachUpdate(golden, gate) ? "Trainable parameters got no gradient: spare.weight *"
            : null;
    }

    private static bool Errs(GoldenRank golden) => golden.Case.TryGetProperty("error", out _) || golden.Case.TryGetProperty("error_by_rank", out _);

    // Over a window of accumulation each rank uses the parameter: then nothing is wrong with the update.
    private static bool IsUsedInEachUpdate(GoldenRank golden, JsonElement gate)
    {
        int counts = golden.Case.GetProperty("optim_wrapper").TryGetProperty("accumulative_counts", out JsonElement given) ? given.GetInt32() : 1;
        return gate.EnumerateArray().All(rank => rank.EnumerateArray().Chunk(counts).All(window => window.Any(isUsed => isUsed.GetBoolean())));
    }

    private static int Batches(GoldenRank golden, int rank)
    {
        int size = golden.Case.GetProperty("world_size").GetInt32();
        int batch = golden.Case.GetProperty("batch_size").GetInt32();
        int share = (golden.Case.GetProperty("samples").GetInt32() - rank + size - 1) / size;
        return (share + batch - 1) / batch;
    }

    private static bool Accumulates(GoldenRank golden) =>
        golden.Setting("optim_wrapper") is { } wrapper && wrapper.TryGetProperty("accumulative_counts", out JsonElement counts) && counts.GetInt32() > 1;
}
