using System.Text.Json;
using Compat.TestSupport;

namespace Compat.Legacy.Tests.Support;

/// <summary>The cases of one golden file by their ids.</summary>
public sealed class GoldenCases
{
    private readonly JsonElement[] cases;

    public GoldenCases(string file)
    {
        Root = GoldenFile.Read(file);
        cases = [.. Root.GetProperty("cases").EnumerateArray()];
    }

    public JsonElement Root { get; }

    public JsonElement this[string id] => cases.Single(entry => entry.GetProperty("id").GetString() == id);

    public TheoryData<string> Where(Func<JsonElement, bool> isSupported) =>
        [.. cases.Where(isSupported).Select(entry => entry.GetProperty("id").GetString()!)];

    public static double Number(JsonElement value) => value.Number();

    public static double[] Numbers(JsonElement values) => [.. values.EnumerateArray().Select(Number)];

    public static string? Text(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static bool Has(JsonElement entry, string name) => entry.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;
}
