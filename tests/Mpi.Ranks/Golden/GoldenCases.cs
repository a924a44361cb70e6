using System.Text.Json;
using Compat.TestSupport;
using Compat.Torch.Distributed;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>The trainings and validations of distributed.json for as many ranks as there are.</summary>
internal static class GoldenCases
{
    /// <summary>MMCV's trainings, on the engine.</summary>
    public const string Migrating = "migrating";

    public static IEnumerable<RankCase> Of(string library, ICollectives collectives)
    {
        JsonElement file = GoldenFile.Read("distributed.json");
        foreach (JsonElement one in file.GetProperty("cases").EnumerateArray())
        {
            GoldenRank golden = new(file, one, collectives.Rank.Rank);
            if (one.GetProperty("kind").GetString() == "train" && one.GetProperty("lib").GetString() == (library == Migrating ? "mmcv" : library)
                && one.GetProperty("world_size").GetInt32() == collectives.Rank.WorldSize)
            {
                bool isToCome = (library == "mmengine" ? EngineDefects.ToCome(golden) : LegacyDefects.ToCome(golden)) is not null;
                yield return new(golden.Id, isToCome ? _ => { } : Training(golden, library));
            }
        }
    }

    public static IEnumerable<RankCase> Validations(ICollectives collectives)
    {
        JsonElement file = GoldenFile.Read("distributed.json");
        return file.GetProperty("cases").EnumerateArray()
            .Where(one => one.GetProperty("kind").GetString() == "val_loop" && one.GetProperty("world_size").GetInt32() == collectives.Rank.WorldSize)
            .Select(one => new GoldenRank(file, one, collectives.Rank.Rank))
            .Select(golden => new RankCase(golden.Id, _ => EngineValidation.Run(golden, collectives)));
    }

    private static Action<ICollectives> Training(GoldenRank golden, string library) =>
        library == "mmengine" ? collectives => EngineTraining.Run(golden, collectives)
        : collectives => LegacyTraining.Run(golden, collectives, onEngine: library == Migrating);
}
