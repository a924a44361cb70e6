namespace Compat.Torch.Training;

/// <summary>What happens when a loss turns out to be NaN or infinite.</summary>
public enum NonFiniteLoss
{
    /// <summary>Training stops with a <see cref="NonFiniteLossException"/>.</summary>
    Error,

    /// <summary>The first such loss is reported as a warning, and training goes on.</summary>
    Warn,

    /// <summary>Nothing: as the originals do.</summary>
    Ignore,
}
