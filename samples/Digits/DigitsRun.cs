using Comparing;
using Compat.Adapters.Equivalence;
using Compat.Torch.Data;
using Compat.Torch.Randomness;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Digits;

/// <summary>The surroundings of one training: its data, its settings and who watches it.</summary>
internal sealed record DigitsRun(DigitsSettings Settings, DigitsDataset Train, DigitsDataset Test, string WorkDir, ILogger Logger, TraceRecorder Recorder)
{
    public Device Device { get; } = torch.device(Settings.Device);

    /// <summary>Gets how many iterations make an epoch.</summary>
    public int EpochLength => (Train.Count + Settings.BatchSize - 1) / Settings.BatchSize;

    /// <summary>Gets how many iterations are trained.</summary>
    public int Iterations => Settings.Epochs * EpochLength;

    /// <summary>Gets after how many epochs, or iterations, the learning rate falls to a tenth.</summary>
    public IReadOnlyList<int> Steps => Settings.ByIter ? [.. Settings.Steps.Select(epoch => epoch * EpochLength)] : Settings.Steps;

    /// <summary>Gives every training the same random stream from its first weight on.</summary>
    public void Seed() => TorchSeed.Set(Settings.Seed);

    public BatchLoader TrainLoader() => new(Train, new BatchLoaderOptions
    {
        BatchSize = Settings.BatchSize,
        Sampler = new DefaultSampler(Train, shuffle: true, seed: Settings.Seed),
    });

    public BatchLoader TestLoader() => new(Test, new BatchLoaderOptions { BatchSize = Settings.BatchSize });
}
