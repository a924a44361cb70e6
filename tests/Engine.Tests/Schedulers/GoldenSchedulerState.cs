using System.Text.Json;
using Compat.TestSupport;
using Compat.Torch.Serialization;

namespace Compat.Engine.Tests.Schedulers;

/// <summary>The state of a schedule as the golden files write it.</summary>
internal static class GoldenSchedulerState
{
    public static PthDict Read(JsonElement state) => state.EnumerateObject().Aggregate(new PthDict(), (dict, entry) =>
    {
        dict[entry.Name] = entry.Name == "milestones" ? Counter(entry.Value) : Value(entry.Value);
        return dict;
    });

    /// <summary>Finds the first difference: of names, their order, or values.</summary>
    public static string? Difference(PthDict expected, PthDict actual)
    {
        string names = string.Join(", ", expected.Select(entry => Text(entry.Key)));
        string ours = string.Join(", ", actual.Select(entry => Text(entry.Key)));
        return names != ours ? $"names: {names}; ours: {ours}" : expected.Zip(actual)
            .Where(pair => !IsSame(pair.First.Value, pair.Second.Value))
            .Select(pair => $"{Text(pair.First.Key)}: {Text(pair.First.Value)}; ours: {Text(pair.Second.Value)}")
            .FirstOrDefault();
    }

    private static bool IsSame(PthValue expected, PthValue actual) => (expected, actual) switch
    {
        (PthDict left, PthDict right) => left.Kind == right.Kind && Difference(left, right) is null,
        (PthSequence left, PthSequence right) => left.Kind == right.Kind && left.Items.Count == right.Items.Count
            && left.Items.Zip(right.Items).All(pair => IsSame(pair.First, pair.Second)),
        _ when Number(expected) is { } left && Number(actual) is { } right => GoldenTolerance.IsSameDouble(left, right),
        _ => Text(expected) == Text(actual),
    };

    // The file has a Counter as pairs.
    private static PthDict Counter(JsonElement pairs) => pairs.EnumerateArray().Aggregate(new PthDict(PthDictKind.Counter), (dict, entry) =>
    {
        dict.Set(entry[0].GetInt64(), entry[1].GetInt64());
        return dict;
    });

    private static PthValue Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => new PthSequence(PthSequenceKind.List, value.EnumerateArray().Select(Value)),
        JsonValueKind.Number => value.TryGetInt64(out long whole) && !value.GetRawText().Contains('.', StringComparison.Ordinal) ? (PthValue)whole : value.Number(),
        JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
        _ => value.GetString()!,
    };

    private static double? Number(PthValue value) => value switch
    {
        PthFloat number => number.Value,
        PthInteger number => (double)number.Value,
        _ => null,
    };

    private static string Text(PthValue value) => value switch
    {
        PthText text => text.Value,
        PthBool flag => flag.Value.ToString(),
        PthSequence list => $"[{string.Join(", ", list.Items.Select(Text))}]",
        PthDict dict => $"{{{string.Join(", ", dict.Select(entry => $"{Text(entry.Key)}: {Text(entry.Value)}"))}}}",
        _ => FormattableString.Invariant($"{Number(value)}"),
    };
}
