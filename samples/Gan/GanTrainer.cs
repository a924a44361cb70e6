using Comparing;
using Compat.Adapters.Equivalence;

namespace Gan;

/// <summary>Trains the GAN, each time with the same random stream.</summary>
internal sealed class GanTrainer(GanSettings settings, GanSettings engineSettings, string workDir)
{
    // A model that steps by itself announces no gradients. Its weights after every step show what they were.
    private static readonly ComparisonRules AgainstEngine =
        ComparisonRules.LegacyAgainstEngine with { LeftOut = [Observation.Gradients, Observation.ClippedGradients] };

    /// <summary>Trains the three ways, one after the other.</summary>
    /// <param name="observed">Told after each iteration: which training, how many iterations are done, how many there are.</param>
    public (TrainingComparison Comparison, IReadOnlyList<AlbumPage> Album) Train(Action<string, int, int> observed) => WithDigits(digits =>
    {
        (TrainingResult legacy, _) = One("legacy", settings, digits, LegacyProgram.Run, observed);
        (TrainingResult migrating, _) = One("migrating", settings, digits, MigratingProgram.Run, observed);
        (TrainingResult engine, IReadOnlyList<AlbumPage> album) = One("engine", engineSettings, digits, EngineProgram.Run, observed);
        return (new TrainingComparison(legacy, migrating, engine, AgainstEngine), album);
    });

    /// <summary>Trains the engine's program alone.</summary>
    /// <param name="observed">As for <see cref="Train"/>.</param>
    public (TrainingResult Result, IReadOnlyList<AlbumPage> Album) TrainEngine(Action<string, int, int> observed) =>
        WithDigits(digits => One("engine", engineSettings, digits, EngineProgram.Run, observed));

    private static T WithDigits<T>(Func<DigitsDataset, T> train)
    {
        (DigitsDataset digits, DigitsDataset others) = DigitsDataset.Load(DigitsDataset.DefaultPath);
        using (digits)
        using (others)
        {
            return train(digits);
        }
    }

    private (TrainingResult Result, IReadOnlyList<AlbumPage> Album) One(
        string name, GanSettings own, DigitsDataset digits, Action<GanRun> program, Action<string, int, int> observed)
    {
        using Album album = new(own.Epochs);
        int total = own.Epochs * (digits.Count / own.BatchSize);
        TrainingResult result = Training.Run(
            name,
            workDir,
            (folder, logger, recorder) =>
            {
                program(new GanRun(own, digits, folder, logger, recorder, album));
                return null;
            },
            done => observed(name, done, total),
            SnapshotContent.Hash);                                    // all weights of all iterations would take gigabytes
        return (result, [.. album.Pages]);
    }
}
