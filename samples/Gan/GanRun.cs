using Comparing;
using Compat.Adapters.Equivalence;
using Compat.Torch.Data;
using Compat.Torch.Randomness;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Gan;

/// <summary>The surroundings of one training: its data, its settings and who watches it.</summary>
internal sealed record GanRun(GanSettings Settings, DigitsDataset Digits, string WorkDir, ILogger Logger, TraceRecorder Recorder, Album Album)
{
    public Device Device { get; } = torch.device(Settings.Device);

    /// <summary>Gives every training the same random stream from its first weight on.</summary>
    public void Seed() => TorchSeed.Set(Settings.Seed);

    public BatchLoader Loader() => new(Digits, new BatchLoaderOptions
    {
        BatchSize = Settings.BatchSize,
        Sampler = new DefaultSampler(Digits, shuffle: true, seed: Settings.Seed),
        DropLast = true,
    });
}
