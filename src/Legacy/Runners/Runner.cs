using static TorchSharp.torch;

namespace Compat.Legacy.Runners;

/// <summary>The old name of <see cref="EpochBasedRunner"/>. It warns once, when it is made, and is the same otherwise.</summary>
public class Runner : EpochBasedRunner
{
    /// <summary>Makes a runner.</summary>
    /// <param name="model">The model. Borrowed.</param>
    /// <param name="options">The settings.</param>
    public Runner(nn.Module model, RunnerOptions options)
        : base(model, options) => LegacyLog.Warning(Logger, "Runner was deprecated, please use EpochBasedRunner instead");
}
