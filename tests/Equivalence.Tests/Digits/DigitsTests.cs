using Compat.Adapters.Equivalence;
using Compat.TestSupport;
using global::Comparing;
using global::Digits;

namespace Compat.Equivalence.Tests.Digits;

/// <summary>The sample's three trainings on real data.</summary>
public sealed class DigitsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void All_three_ways_train_the_same_and_well(long seed)
    {
        TrainingComparison comparison = Train(new DigitsSettings { Seed = seed });

        comparison.MigratingAgainstLegacy.Verdicts.Should().OnlyContain(verdict => verdict.Agrees && verdict.Iterations == 184);
        comparison.EngineAgainstLegacy.Verdicts.Should().OnlyContain(verdict => verdict.Agrees && verdict.Iterations == 184).And.HaveCount(9);
        comparison.EngineAgainstLegacy.Verdicts.Where(verdict => verdict.Allowed > 0).Should().BeSubsetOf(
            [comparison.EngineAgainstLegacy.VerdictOn(Observation.LearningRate)!], "a formula and a running product round differently");
        comparison.Holds.Should().BeTrue();
        comparison.Results.Should().OnlyContain(result => result.Score!.Value > 0.97);
        IReadOnlyList<IterationTrace> control = comparison.Legacy.Trace.Iterations;
        control[0].Weights[0].Value.DifferenceTo(control[^1].Weights[0].Value).Should().NotBeNull("something was learned");
        control[22].BatchIndices.Should().HaveCount(30, "the last batch of an epoch is uneven");
        control[23].BatchIndices.Should().NotEqual(control[0].BatchIndices, "each epoch has its own order");
    }

    [Fact]
    public void A_small_difference_that_matters_is_found_where_it_begins()
    {
        DigitsSettings settings = new() { Epochs = 1 };
        TrainingComparison comparison = Train(settings, settings with { WeightDecay = settings.WeightDecay + 1e-6 });

        comparison.Holds.Should().BeFalse();
        comparison.MigratingAgainstLegacy.Agrees.Should().BeTrue();
        comparison.FirstDifference!.ToString().Should().MatchRegex(@"^iteration 1, weights, conv1\.weight: -?\d\S* against -?\d\S*$");
    }

    [Fact]
    public void The_legacy_and_the_migrating_program_differ_in_one_line() => SamplePrograms.ShouldDifferInOneLine("Digits");

    [Fact]
    public void The_report_is_one_file_that_needs_nothing_else()
    {
        using TemporaryFolder folder = new();
        DigitsSettings settings = new() { Epochs = 1 };
        string html = File.ReadAllText(DigitsReport.Write(Train(settings), settings, folder.Path));

        html.Should().Contain("All three train the same.").And.Contain("<svg").And.Contain("equal in 23 iterations, bit for bit");
        html.Should().NotContain("<script").And.NotContain("href=").And.NotContain("src=").And.NotContain("url(");
    }

    [Fact]
    public void The_report_names_the_first_difference()
    {
        using TemporaryFolder folder = new();
        DigitsSettings settings = new() { Epochs = 1 };
        TrainingComparison comparison = Train(settings, settings with { Lr = 0.051 });

        File.ReadAllText(DigitsReport.Write(comparison, settings, folder.Path))
            .Should().Contain("They do not train the same. First difference: iteration 1, learning rate, lr: 0.05 against 0.051");
    }

    private static TrainingComparison Train(DigitsSettings settings, DigitsSettings? engineSettings = null)
    {
        using TemporaryFolder folder = new();
        TrainingComparison comparison = new DigitsTrainer(settings, engineSettings ?? settings, folder.Path).Train((_, _, _) => { });
        string[] logs = [.. Directory.EnumerateFiles(folder.Path, "*.log", SearchOption.AllDirectories).Select(File.ReadAllText)];
        logs.Should().HaveCount(3).And.NotContain(log => log.Contains("WARNING", StringComparison.Ordinal) || log.Contains("ERROR", StringComparison.Ordinal));
        return comparison;
    }
}
