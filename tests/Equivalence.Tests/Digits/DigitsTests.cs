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

    [Theory]
    [InlineData(3, false, false)]
    [InlineData(1, true, false)]
    [InlineData(3, true, false)]
    [InlineData(1, false, true)]
    [InlineData(3, true, true)]
    public void All_three_ways_train_the_same_with_accumulation_half_precision_and_by_iteration(int accumulate, bool amp, bool byIter)
    {
        DigitsSettings settings = new() { Epochs = 2, Steps = [1], Accumulate = accumulate, Amp = amp, ByIter = byIter };
        TrainingComparison comparison = Train(settings);

        comparison.Holds.Should().BeTrue(comparison.FirstDifference?.ToString());
        comparison.EngineAgainstLegacy.Verdicts.Should().Contain(verdict => verdict.Observation == Observation.Weights && verdict.Iterations == 46 && verdict.Allowed == 0);
        IReadOnlyList<IterationTrace> control = comparison.Legacy.Trace.Iterations;
        int[] updated = [.. Enumerable.Range(1, 46).Where(number => number == 1 ? accumulate == 1 : Moved(control[number - 2], control[number - 1]))];
        updated.Should().Equal(
            Enumerable.Range(1, 46).Where(number => number % accumulate == 0 || number == 46), "the last window of {0} is short and updates all the same", accumulate);
        Moved(Train(settings with { Amp = !amp }).Legacy.Trace.Iterations[^1], control[^1]).Should().BeTrue("the other precision gives other weights");
        control[0].LearningRate.Should().Be(0.05);
        control[^1].LearningRate.Should().BeApproximately(0.005, 1e-12);
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

    private static bool Moved(IterationTrace before, IterationTrace after) => before.Weights[0].Value.DifferenceTo(after.Weights[0].Value) is not null;

    private static TrainingComparison Train(DigitsSettings settings, DigitsSettings? engineSettings = null)
    {
        using TemporaryFolder folder = new();
        TrainingComparison comparison = new DigitsTrainer(settings, engineSettings ?? settings, folder.Path).Train((_, _, _) => { });
        string[] logs = [.. Directory.EnumerateFiles(folder.Path, "*.log", SearchOption.AllDirectories).Select(File.ReadAllText)];
        logs.Should().HaveCount(3).And.NotContain(log => log.Contains("ERROR", StringComparison.Ordinal));
        if (settings is { Accumulate: 1, ByIter: false })
        {
            // The originals warn when the statistics of batch norm meet accumulation, when the last window is short, and when a loop by iteration begins a pass anew.
            logs.Should().NotContain(log => log.Contains("WARNING", StringComparison.Ordinal));
        }

        return comparison;
    }
}
