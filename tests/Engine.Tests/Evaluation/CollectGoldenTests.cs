using System.Text.Json;
using Compat.Engine.Evaluation;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Distributed;

namespace Compat.Engine.Tests.Evaluation;

/// <summary>
/// How the results of several processes become one list: MMEngine's <c>collect_results</c> and <c>BaseMetric</c>, whose processes are threads here. The old side has no
/// such function yet (issue G: evaluation hooks).
/// </summary>
[Trait("Category", "Golden")]
public sealed class CollectGoldenTests
{
    public static IEnumerable<object[]> Cases => DistributedGolden.Of("collect", "mmengine").Concat(DistributedGolden.Of("metric", "mmengine"))
        .Select(one => new object[] { one.GetProperty("id").GetString()! });

    [Theory]
    [MemberData(nameof(Cases))]
    public void Results_are_collected_as_in_mmengine(string id)
    {
        JsonElement golden = DistributedGolden.Case(id);
        JsonElement parts = golden.TryGetProperty("parts", out JsonElement given) ? given : golden.GetProperty("results");
        if (RuledOut(golden, parts) is not null)
        {
            return;
        }

        int size = golden.GetProperty("size").GetInt32();
        Func<IReadOnlyDictionary<string, MetricValue>[]> run = () => ThreadCollectives.Run(parts.GetArrayLength(), collectives => Evaluate(golden, parts, size, collectives));
        if (size < 0)
        {
            run.Should().Throw<AggregateException>("no dataset has fewer samples than none; Python cuts from the end").Which.InnerExceptions.Should().AllBeOfType<ArgumentOutOfRangeException>();
            return;
        }

        foreach (IReadOnlyDictionary<string, MetricValue> values in run())
        {
            Compare(golden, values);
        }
    }

    /// <summary>Says why a case cannot be written here; null if it can.</summary>
    private static string? RuledOut(JsonElement golden, JsonElement parts) =>
        golden.TryGetProperty("error", out _) ? "ruled out by type BaseMetric: where items are collected is not a setting"
        : parts.EnumerateArray().SelectMany(part => part.EnumerateArray()).Any(item => item.ValueKind != JsonValueKind.Number) ? "ruled out by type BaseMetric: items are tensors"
        : null;

    private static IReadOnlyDictionary<string, MetricValue> Evaluate(JsonElement golden, JsonElement parts, int size, ICollectives collectives)
    {
        JsonElement args = golden.TryGetProperty("args", out JsonElement given) ? given : default;
        using ProbeMetric metric = new(Text(args, "prefix"), Text(args, "default_prefix"));
        float[] own = [.. parts[collectives.Rank.Rank].EnumerateArray().Select(item => item.GetSingle())];
        metric.Process(own.Length == 0 ? [] : [own]);
        return metric.Evaluate(size, collectives);
    }

    private static void Compare(JsonElement golden, IReadOnlyDictionary<string, MetricValue> values)
    {
        JsonElement expected = golden.TryGetProperty("metrics", out JsonElement metrics)
            ? metrics.EnumerateObject().Single(entry => entry.Name.EndsWith("order", StringComparison.Ordinal)).Value
            : golden.TryGetProperty("result", out JsonElement alone) ? alone : golden.GetProperty("result_by_rank")[0];
        string prefix = metrics.ValueKind == JsonValueKind.Object ? metrics.EnumerateObject().First().Name[..^"mean".Length] : string.Empty;
        double[] order = GoldenTensor.Numbers(expected);
        values[$"{prefix}order"].Array.Should().Equal(order);
        values[$"{prefix}mean"].Should().Be(order.Length == 0 ? MetricValue.None : new MetricValue(order.Average()));
    }

    private static string? Text(JsonElement args, string name) =>
        args.ValueKind == JsonValueKind.Object && args.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
