using Compat.Legacy.Runners;
using Compat.Torch.Data;

namespace Compat.Legacy;

/// <summary>Tells the sampler which epoch comes next, so that each epoch has its own order.</summary>
/// <remarks>Not registered by itself, and not for <see cref="IterBasedRunner"/>, which tells samplers the pass itself. Source: MMCV <c>DistSamplerSeedHook</c>.</remarks>
public sealed class DistSamplerSeedHook : Hook
{
    /// <inheritdoc/>
    public override void BeforeEpoch(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        BatchLoader loader = runner.DataLoader ?? throw new InvalidOperationException(
            $"{Name} is called before {runner.GetType().Name} has a loader. It needs a runner with epochs; {nameof(IterBasedRunner)} tells samplers the number of "
            + "each pass by itself: leave the hook out.");
        loader.Sampler.SetEpoch(runner.Epoch);
    }
}
