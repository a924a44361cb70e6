using Comparing;
using Compat.Adapters.Equivalence;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Randomness;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Digits;

/// <summary>The surroundings of one training: its data, its settings and who watches it.</summary>
internal sealed record DigitsRun(
    DigitsSettings Settings, ICollectives Collectives, DigitsDataset Train, DigitsDataset Test, string WorkDir, ILogger Logger, TraceRecorder Recorder)
{
    public Device Device { get; } = torch.device(Settings.Device);

    /// <summary>Gets how many iterations make an epoch. Each process has batches of its own.</summary>
    public int EpochLength => CeilingOf(CeilingOf(Train.Count, Collectives.Rank.WorldSize), Settings.BatchSize);

    /// <summary>Gets how many iterations are trained.</summary>
    public int Iterations => Settings.Epochs * EpochLength;

    /// <summary>Gets after how many epochs, or iterations, the learning rate falls to a tenth.</summary>
    public IReadOnlyList<int> Steps => Settings.ByIter ? [.. Settings.Steps.Select(epoch => epoch * EpochLength)] : Settings.Steps;

    /// <summary>Gives every training the same random stream from its first weight on.</summary>
    public void Seed() => TorchSeed.Set(Settings.Seed);

    public BatchLoader TrainLoader() => new(Train, new BatchLoaderOptions
    {
        BatchSize = Settings.BatchSize,
        Sampler = new DefaultSampler(Train, shuffle: true, seed: Settings.Seed, process: Collectives.Rank),
    });

    /// <summary>Gives this process its share of the test set.</summary>
    /// <param name="roundUp">Whether the last processes begin anew where there are too few samples, so that all have equally many.</param>
    public BatchLoader TestLoader(bool roundUp) => new(Test, new BatchLoaderOptions
    {
        BatchSize = Settings.BatchSize,
        Sampler = new DefaultSampler(Test, shuffle: false, seed: 0, roundUp, Collectives.Rank),
    });

    private static int CeilingOf(int count, int parts) => (count + parts - 1) / parts;
}
