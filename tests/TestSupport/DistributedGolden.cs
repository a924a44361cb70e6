using System.Text.Json;

namespace Compat.TestSupport;

/// <summary>The cases of distributed.json, which the originals ran in several processes.</summary>
public static class DistributedGolden
{
    private static readonly Lazy<JsonElement> File = new(() => GoldenFile.Read("distributed.json"));

    /// <summary>Gets the trainings of a library: the number of processes, and the name of the case.</summary>
    public static IEnumerable<object[]> Trainings(string library) => Of("train", library)
        .Select(one => new object[] { one.GetProperty("world_size").GetInt32(), one.GetProperty("id").GetString()! });

    /// <summary>Gets the cases of a kind.</summary>
    public static IEnumerable<JsonElement> Of(string kind, string library) => File.Value.GetProperty("cases").EnumerateArray()
        .Where(one => one.GetProperty("kind").GetString() == kind && one.GetProperty("lib").GetString() == library);

    /// <summary>Gets the case of a name.</summary>
    public static JsonElement Case(string id) => File.Value.GetProperty("cases").EnumerateArray().Single(one => one.GetProperty("id").GetString() == id);
}
