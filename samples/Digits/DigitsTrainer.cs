using Comparing;
using Compat.Torch.Distributed;

namespace Digits;

/// <summary>Trains the three ways, one after the other, each with the same random stream.</summary>
internal sealed class DigitsTrainer(DigitsSettings settings, DigitsSettings engineSettings, string workDir)
{
    private readonly ICollectives collectives = Dist.Init(settings.Launcher);

    /// <summary>Trains three times.</summary>
    /// <param name="observed">Told after each iteration: which training, how many iterations are done, how many there are.</param>
    public TrainingComparison Train(Action<string, int, int> observed)
    {
        (DigitsDataset train, DigitsDataset test) = DigitsDataset.Load(DigitsDataset.DefaultPath);
        using (train)
        using (test)
        {
            int total = 0;
            TrainingResult One(string name, DigitsSettings own, Func<DigitsRun, double> program) => Training.Run(
                name,
                workDir,
                (folder, logger, recorder) =>
                {
                    DigitsRun run = new(own, collectives, train, test, folder, logger, recorder);
                    total = run.Iterations;
                    return Accuracy(program(run));
                },
                done => observed(name, done, total));
            return new(
                One("legacy", settings, LegacyProgram.Run),
                One("migrating", settings, MigratingProgram.Run),
                One("engine", engineSettings, EngineProgram.Run));
        }
    }

    private static Score Accuracy(double value) => new("accuracy on the test set", value, $"{value:P2}");
}
