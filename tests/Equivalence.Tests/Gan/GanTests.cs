using Compat.Adapters.Equivalence;
using Compat.TestSupport;
using global::Comparing;
using global::Gan;

namespace Compat.Equivalence.Tests.Gan;

/// <summary>The sample's GAN on real data.</summary>
public sealed class GanTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void All_three_ways_train_both_networks_the_same(long seed)
    {
        TrainingComparison comparison = Train(new GanSettings { Epochs = 2, Seed = seed }).Comparison;

        comparison.MigratingAgainstLegacy.Verdicts.Should().OnlyContain(verdict => verdict.Agrees && verdict.Iterations == 88 && verdict.Allowed == 0);
        comparison.EngineAgainstLegacy.Verdicts.Should().OnlyContain(verdict => verdict.Agrees && verdict.Iterations == 88 && verdict.Allowed == 0);
        comparison.EngineAgainstLegacy.Verdicts.Select(verdict => verdict.Observation).Should().Equal(
            Observation.Batch, Observation.LearningRate, Observation.Momentum, Observation.LogValues, Observation.Weights);
        comparison.Holds.Should().BeTrue();
        IReadOnlyList<IterationTrace> control = comparison.Legacy.Trace.Iterations;
        foreach ((KeyValuePair<string, TensorSnapshot> first, KeyValuePair<string, TensorSnapshot> last) in control[0].Weights.Zip(control[^1].Weights))
        {
            first.Value.DifferenceTo(last.Value).Should().NotBeNull("{0} was trained", first.Key);
        }

        control[0].Weights.Select(weight => weight.Key.Split('.')[0]).Distinct().Should().Equal("generator", "discriminator");
    }

    [Fact]
    public void A_small_difference_in_one_network_is_found()
    {
        GanSettings settings = new() { Epochs = 1 };
        TrainingComparison comparison = Train(settings, settings with { GeneratorLr = settings.GeneratorLr * (1 + 1e-6) }).Comparison;

        comparison.Holds.Should().BeFalse();
        comparison.MigratingAgainstLegacy.Agrees.Should().BeTrue();
        comparison.FirstDifference!.ToString().Should().StartWith("iteration 1, learning rate, generator.lr: 0.001 against");
        comparison.EngineAgainstLegacy.VerdictOn(Observation.Weights)!.Agrees.Should().BeFalse();
    }

    [Fact]
    public void Half_precision_and_accumulation_are_settings_of_the_engine_alone()
    {
        using TemporaryFolder folder = new();
        GanSettings settings = new() { Epochs = 1, Amp = true, Accumulate = 3 };

        IReadOnlyList<IterationTrace> iterations = new GanTrainer(settings, settings, folder.Path).TrainEngine((_, _, _) => { }).Result.Trace.Iterations;

        iterations.Should().HaveCount(44);
        int[] moved = [.. Enumerable.Range(1, 43).Where(i => iterations[i].Weights[0].Value.DifferenceTo(iterations[i - 1].Weights[0].Value) is not null)];
        moved.Should().Equal([.. Enumerable.Range(0, 14).Select(i => 2 + (3 * i)), 43], "every third iteration updates, and so does the last one");
        File.ReadAllText(Path.Combine(folder.Path, "engine", "engine.log")).Should().Contain("bfloat16");
    }

    [Fact]
    public void The_legacy_and_the_migrating_program_differ_in_one_line() => SamplePrograms.ShouldDifferInOneLine("Gan");

    [Fact]
    public void The_report_shows_the_generated_digits_and_needs_nothing_else()
    {
        using TemporaryFolder folder = new();
        GanSettings settings = new() { Epochs = 2 };
        (TrainingComparison comparison, IReadOnlyList<AlbumPage> album) = Train(settings);
        string html = File.ReadAllText(GanReport.Write(comparison, album, settings, folder.Path));

        album.Select(page => page.Epoch).Should().Equal(1, 2);
        album.Should().OnlyContain(page => page.Digits.Count == 16 && page.Digits.All(digit => digit.Length == 64 && digit.All(pixel => pixel >= 0 && pixel <= 1)));
        html.Should().Contain("All three train the same.").And.Contain("epoch 2</text>").And.Contain("equal in 88 iterations, bit for bit");
        html.Should().NotContain("<script").And.NotContain("href=").And.NotContain("src=").And.NotContain("url(");
    }

    private static (TrainingComparison Comparison, IReadOnlyList<AlbumPage> Album) Train(GanSettings settings, GanSettings? engineSettings = null)
    {
        using TemporaryFolder folder = new();
        (TrainingComparison comparison, IReadOnlyList<AlbumPage> album) = new GanTrainer(settings, engineSettings ?? settings, folder.Path).Train((_, _, _) => { });
        string[] logs = [.. Directory.EnumerateFiles(folder.Path, "*.log", SearchOption.AllDirectories).Select(File.ReadAllText)];
        logs.Should().HaveCount(3).And.NotContain(log => log.Contains("WARNING", StringComparison.Ordinal) || log.Contains("ERROR", StringComparison.Ordinal));
        return (comparison, album);
    }
}
