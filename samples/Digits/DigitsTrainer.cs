using System.Diagnostics;
using Compat.Adapters.Equivalence;
using Compat.Torch.Logging;

namespace Digits;

/// <summary>Trains the three ways, one after the other, each with the same random stream.</summary>
internal sealed class DigitsTrainer(DigitsSettings settings, DigitsSettings engineSettings, string workDir)
{
    /// <summary>Trains three times.</summary>
    /// <param name="observed">Told after each iteration: which training, how many iterations are done, how many there are.</param>
    public DigitsComparison Train(Action<string, int, int> observed)
    {
        (DigitsDataset train, DigitsDataset test) = DigitsDataset.Load(DigitsDataset.DefaultPath);
        using (train)
        using (test)
        {
            int total = settings.Epochs * ((train.Count + settings.BatchSize - 1) / settings.BatchSize);
            DigitsResult One(string name, DigitsSettings own, Func<DigitsRun, double> program) =>
                Run(name, own, train, test, program, done => observed(name, done, total));
            return new(
                One("legacy", settings, LegacyProgram.Run),
                One("migrating", settings, MigratingProgram.Run),
                One("engine", engineSettings, EngineProgram.Run));
        }
    }

    private DigitsResult Run(
        string name, DigitsSettings own, DigitsDataset train, DigitsDataset test, Func<DigitsRun, double> program, Action<int> observed)
    {
        string folder = Directory.CreateDirectory(Path.Combine(workDir, name)).FullName;
        using StreamWriter log = new(Path.Combine(folder, $"{name}.log"));
        TraceRecorder recorder = new(name, iteration => observed(iteration.Number));
        Stopwatch watch = Stopwatch.StartNew();
        double accuracy = program(new DigitsRun(own, train, test, folder, new LineLogger(name, [log]), recorder));
        return new(recorder.Trace, accuracy, watch.Elapsed.TotalSeconds);
    }
}
