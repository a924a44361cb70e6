using System.Text.Json;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>A case of distributed.json as one rank sees it. The rule of the file: X is the same on all ranks, X_by_rank is not.</summary>
internal sealed record GoldenRank(JsonElement File, JsonElement Case, int Rank)
{
    public string Id => Case.GetProperty("id").GetString()!;

    public IReadOnlyList<JsonElement> Iters => [.. Of(Case, "iters")!.Value.EnumerateArray()];

    /// <summary>Gets an entry of an object for this rank; null if there is none.</summary>
    public JsonElement? Of(JsonElement row, string name) =>
        row.TryGetProperty(name, out JsonElement all) ? all
        : row.TryGetProperty($"{name}_by_rank", out JsonElement byRank) && byRank[Rank].ValueKind != JsonValueKind.Null ? byRank[Rank]
        : null;

    public JsonElement? Setting(string name) => Case.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
