using System.Text.Json;

namespace Compat.Engine.Tests.Optim;

/// <summary>The cases of a golden file, each with every kind of optimizer.</summary>
internal static class GoldenIds
{
    public static TheoryData<string, GoldenOptimizerKind> Of(JsonElement file, Func<JsonElement, bool>? filter = null)
    {
        TheoryData<string, GoldenOptimizerKind> ids = [];
        foreach (JsonElement golden in file.GetProperty("cases").EnumerateArray().Where(one => filter?.Invoke(one) ?? true))
        {
            foreach (GoldenOptimizerKind kind in Enum.GetValues<GoldenOptimizerKind>())
            {
                ids.Add(golden.GetProperty("id").GetString()!, kind);
            }
        }

        return ids;
    }

    public static JsonElement Find(JsonElement file, string id) =>
        file.GetProperty("cases").EnumerateArray().Single(one => one.GetProperty("id").GetString() == id);

    public static IEnumerable<string> Strings(JsonElement golden, string name) =>
        golden.TryGetProperty(name, out JsonElement values) ? values.EnumerateArray().Select(value => value.GetString()!) : [];
}
