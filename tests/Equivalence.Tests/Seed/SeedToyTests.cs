using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Compat.Adapters.Equivalence;
using Compat.TestSupport;

namespace Compat.Equivalence.Tests.Seed;

/// <summary>The three programs of the seed document against what the real MMCV and MMEngine gave for them.</summary>
[Trait("Category", "Golden")]
public sealed partial class SeedToyTests
{
    public static TheoryData<string, string> Programs => new()
    {
        { "legacy", "mmcv" },
        { "migrating", "mmcv" },
        { "doc", "doc" },
        { "faithful", "faithful" },
    };

    [Theory]
    [MemberData(nameof(Programs))]
    public void Weights_and_learning_rates_are_those_of_the_original_to_the_last_bit(string program, string golden)
    {
        JsonElement[] expected = [.. Case(golden).GetProperty("trace").EnumerateArray()];
        IReadOnlyList<IterationTrace> actual = SeedToyPrograms.Run(program).Trace.Iterations;

        actual.Should().HaveCount(125);
        Rows(actual).Should().Equal(expected.Select(Row));
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void Log_lines_are_those_of_the_original_character_for_character(string program, string golden)
    {
        string[] expected = [.. Case(golden).GetProperty("lines").EnumerateArray().Select(line => line.GetString()!)];
        IEnumerable<string> actual = SeedToyPrograms.Run(program).Lines.Where(line => line.StartsWith("Epoch", StringComparison.Ordinal));

        actual.Select(line => TimeFields().Replace(line, "$1*")).Should().Equal(expected);
    }

    [Fact]
    public void The_two_programs_that_the_seed_prints_as_the_same_model_do_not_train_the_same()
    {
        double legacy = Weight(SeedToyPrograms.Run("legacy"));
        double doc = Weight(SeedToyPrograms.Run("doc"));

        legacy.ToString("F7", CultureInfo.InvariantCulture).Should().Be("0.7498181");
        doc.ToString("F7", CultureInfo.InvariantCulture).Should().Be("0.7449455");
    }

    private static double Weight(SeedToyRun run) => double.Parse(Row(run.Trace.Iterations[^1]).Split(' ')[0], CultureInfo.InvariantCulture);

    private static IEnumerable<string> Rows(IEnumerable<IterationTrace> iterations) => iterations.Select(Row);

    private static string Row(IterationTrace iteration) => string.Create(
        CultureInfo.InvariantCulture,
        $"{iteration.Weights[0].Value.ToDouble():R} {iteration.Weights[1].Value.ToDouble():R} {iteration.LearningRate:R}");

    private static string Row(JsonElement row) => string.Create(
        CultureInfo.InvariantCulture,
        $"{row.GetProperty("weight").GetDouble():R} {row.GetProperty("bias").GetDouble():R} {row.GetProperty("lr").GetDouble():R}");

    private static JsonElement Case(string name) => GoldenFile.Read("seed_toy.json").GetProperty("cases").GetProperty(name);

    [GeneratedRegex(@"((?:eta|data_time|\btime): )[\d:.]+")]
    private static partial Regex TimeFields();
}
