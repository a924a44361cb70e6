using Compat.Legacy.Runners;

namespace Compat.Legacy;

/// <summary>Tells the sampler which epoch comes next, so that each epoch has its own order.</summary>
/// <remarks>Not registered by itself. Source: MMCV <c>DistSamplerSeedHook</c>.</remarks>
public sealed class DistSamplerSeedHook : Hook
{
    /// <inheritdoc/>
    public override void BeforeEpoch(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        runner.DataLoader!.Sampler.SetEpoch(runner.Epoch);
    }
}
