using System.Diagnostics;
using Compat.Adapters.Equivalence;
using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;

namespace Comparing;

/// <summary>Runs one training in a folder of its own, with a log and a trace.</summary>
internal static class Training
{
    /// <summary>Runs it.</summary>
    /// <param name="name">Which training it is, for example <c>legacy</c>.</param>
    /// <param name="workDir">The folder of all trainings.</param>
    /// <param name="program">Trains, given its folder, its log and what records its trace.</param>
    /// <param name="observed">Told how many iterations are done.</param>
    /// <param name="content">What is kept of tensors. The default is everything.</param>
    public static TrainingResult Run(string name, string workDir, Func<string, ILogger, TraceRecorder, Score?> program, Action<int> observed, SnapshotContent content = SnapshotContent.Full)
    {
        string folder = Directory.CreateDirectory(Path.Combine(workDir, name)).FullName;
        using StreamWriter log = new(Path.Combine(folder, $"{name}.log"));
        TraceRecorder recorder = new(name, iteration => observed(iteration.Number), content);
        Stopwatch watch = Stopwatch.StartNew();
        Score? score = program(folder, new LineLogger(name, [log]), recorder);
        return new(recorder.Trace, watch.Elapsed.TotalSeconds, score);
    }

    /// <summary>Writes each training's trace beside its log.</summary>
    public static void SaveTraces(IEnumerable<TrainingResult> results, string workDir)
    {
        foreach (TrainingResult result in results)
        {
            result.Trace.Hashed().Save(Path.Combine(workDir, result.Name, "trace.pth"));
        }
    }
}
